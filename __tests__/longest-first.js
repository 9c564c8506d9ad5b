// The order of test files: those that take longest first, or one of them would be left in the end with nothing beside it.
// jest knows how long they took only where they have run before.
import Sequencer from '@jest/test-sequencer';

const LONGEST = ['checks', 'moving-tags', 'cache', 'actions-cache', 'faults', 'copy-link'];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.findIndex((name) => path.includes('/e2e/') && path.endsWith(`/${name}.test.ts`));
      if (index !== -1) return index;
      // What has engines before what computes.
      return (
        LONGEST.length +
        ['e2e', 'contract', 'stories', 'unit'].findIndex((kind) => path.includes(`/__tests__/${kind}/`))
      );
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
}
