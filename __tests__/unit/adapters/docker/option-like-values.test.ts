// Values that look like options: whatever an input holds, docker takes it as the value of that input's flag, or the run
// refuses it. pflag, which Buildx reads its command line with, gives a flag without "=" the next word, whatever it looks
// like; a word that stands for itself and starts with "-" is a flag, and "-" alone is standard input.
import { expect, test } from '@jest/globals';
import { getBuildxArgs } from '../../../../src/adapters/docker/buildx-args.js';
import { BUILD_OPTIONS } from '../../../../src/inputs/build-options.js';
import { INPUT_NAMES, type Inputs } from '../../../../src/inputs/inputs.js';
import { type Engine, fitToEngine } from '../../../../src/plan/engine.js';
import { planBuild } from '../../../../src/plan/plan.js';
import { InputError } from '../../../../src/shared/errors.js';
import { CONTEXT, inputsOf, messageOf, pushTo, registryWith } from '../../../support/fixtures.js';

const ENGINE: Engine = {
  builder: null,
  driver: 'docker-container',
  store: null,
  buildxVersion: '0.29.1',
  engineVersion: '28.5.2',
};

/** Flags of `docker buildx build` that take no word of their own: https://docs.docker.com/reference/cli/docker/buildx/build/ */
const SWITCHES = ['--load', '--no-cache', '--pull', '--push'];

interface CommandLine {
  readonly flags: readonly { readonly name: string; readonly value: string | null }[];
  readonly words: readonly string[];
}

/** As pflag's `parseArgs` reads it. */
function readCommandLine(args: readonly string[]): CommandLine {
  const flags: { name: string; value: string | null }[] = [];
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') return { flags, words: [...words, ...args.slice(index + 1)] };
    const [, name = arg, value] = /^(--[^=]+)=([^]*)$/.exec(arg) ?? [];
    if (!arg.startsWith('-') || arg === '-') words.push(arg);
    else if (value !== undefined || SWITCHES.includes(name) || !arg.startsWith('--'))
      flags.push({ name, value: value ?? null });
    else flags.push({ name, value: args[(index += 1)] ?? null });
  }
  return { flags, words };
}

/** Both passes, with every optional part of their command lines that an input can lead to. */
function commandLinesOf(inputs: Inputs): CommandLine[] {
  const engine = { ...ENGINE, builder: inputs.builder };
  const plan = fitToEngine(planBuild(inputs, pushTo('main'), CONTEXT, registryWith('builder-main')), engine);
  const { context, file } = inputs;
  const sources = { context, file, metadataFile: '/tmp/metadata.json', refreshStages: null };
  return [...plan.builders, plan.production].map((pass) => {
    const [first, second, ...args] = getBuildxArgs(plan.image, pass, engine, sources);
    if (first !== 'buildx' || second !== 'build') throw new Error('This is no build.');
    return readCommandLine(args);
  });
}

/** Flags that an input may add; none for the others. */
const OWN_FLAGS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(BUILD_OPTIONS).map(([input, { flag }]) => [input, [flag]])),
  builder: ['--builder'],
  file: ['--file'],
  'cache-from': ['--cache-from'],
  provenance: ['--attest'],
  sbom: ['--attest'],
};
/** What has its words in the environment. */
const HIDDEN = ['secrets'];

const OPTIONS = ['-', '--', '-f', '--push', '--output=type=local', '--=', '-D --push', '"--push"'];
/** As a whole, as either half of NAME=VALUE and its like, and at any place of a list. */
const PLACES: readonly ((option: string) => string)[] = [
  (option) => option,
  (option) => ` ${option}\n`,
  (option) => `${option}=x`,
  (option) => `${option}:x`,
  (option) => `${option}/x`,
  (option) => `a=${option}`,
  (option) => `a:${option}`,
  (option) => `a/${option}`,
  (option) => `a=b\n${option}`,
  (option) => `a=b\n${option}=x`,
  (option) => `${option}=x\na=b`,
  (option) => `a,${option}`,
  (option) => `type=${option},mode=x`,
  (option) => `a=b,${option}=x`,
];

const count = ({ flags }: CommandLine, name: string): number => flags.filter((flag) => flag.name === name).length;

/** What is wrong with a command line in which an input has an odd value; `usual` is the one without it. */
function findFaults(line: CommandLine, usual: CommandLine, context: string, own: readonly string[]): string[] {
  const { flags, words } = line;
  const others = flags.filter(({ name }) => !own.includes(name));
  return [
    ...(words.length === 1 && words[0] === context && !context.startsWith('-') ? [] : [`words: ${words.join(' ')}`]),
    ...others.filter(({ name }) => count(line, name) > count(usual, name)).map(({ name }) => `a new flag: ${name}`),
    ...others.filter(({ value }) => value?.startsWith('-') === true).map(({ name }) => `another flag's value: ${name}`),
    ...flags.filter(({ name, value }) => value === null && !SWITCHES.includes(name)).map(({ name }) => `bare ${name}`),
  ];
}

test.each(INPUT_NAMES)('%s', (input) => {
  const usual = commandLinesOf(inputsOf());
  const own = OWN_FLAGS[input] ?? [];
  const faults = OPTIONS.flatMap((option) => PLACES.map((place) => place(option))).flatMap((text) => {
    let inputs: Inputs;
    try {
      inputs = inputsOf({ [input]: text });
    } catch (error) {
      const named = error instanceof InputError && new RegExp(`^${input}\\b`).test(error.message);
      return named ? [] : [`${text}: ${String(error)}`];
    }
    const lines = commandLinesOf(inputs);
    // Nor is it lost: production gets every input.
    const taken = lines[1]?.flags.some(({ name, value }) => own.includes(name) && value?.includes('-') === true);
    const lost = own.length > 0 && !HIDDEN.includes(input) && taken !== true ? ['not there'] : [];
    return [...lost, ...lines.flatMap((line, index) => findFaults(line, usual[index]!, inputs.context, own))].map(
      (fault) => `${text}: ${fault}`,
    );
  });
  expect(faults).toEqual([]);
});

test.each([
  ['context', '-'],
  ['context', '--push'],
  ['context', '-f'],
  ['builder', '-'],
  ['builder', '--push'],
  ['builder-target', '--push'],
  ['production-target', '-'],
  ['file', '-'],
  ['tag', '-x'],
  ['extra-tags', 'a,--push'],
  ['image', '--push'],
] as const)('%s: %j is refused, and the message names both', (input, text) => {
  const message = messageOf(() => inputsOf({ [input]: text }));
  expect(message).toMatch(new RegExp(`^InputError: ${input}\\b`));
  expect(message).toContain(text.split(',').at(-1)!);
});

test('a file may have any other name', () => {
  for (const file of ['--push', '-x', './-'])
    for (const { flags } of commandLinesOf(inputsOf({ file })))
      expect(flags).toContainEqual({ name: '--file', value: file });
});
