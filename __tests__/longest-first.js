// The order of test files: those that take longest first, or one of them would be left in the end with nothing beside it.
// jest knows how long they took only where they have run before.
import Sequencer from '@jest/test-sequencer';

const LONGEST = ['faults', 'actions-cache', 'faults-for-ever', 'cache', 'checks'];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.findIndex((name) => path.includes('/e2e/') && path.endsWith(`/${name}.test.ts`));
      return index === -1 ? LONGEST.length : index;
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
}
