// Reads what an action prints the way GitHub's runner does: workflow commands, masks, and the log that people see.
// Pure.

/** A note that the runner shows on the run's page. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  /** `title`, `file`, `line` and so on. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What the runner made of an action's output. */
export interface RunnerLog {
  /** As the runner shows it: masked, commands carried out. */
  readonly log: string;
  readonly annotations: readonly Annotation[];
  /** Values of `::add-mask::`, in order. */
  readonly masks: readonly string[];
}

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Reads the output of a phase. `masks` are secrets that the runner knows from the start. */
export function readRunnerLog(output: string, masks: readonly string[], debug = false): RunnerLog {
  const added: string[] = [];
  const annotations: Annotation[] = [];
  const shown: string[] = [];
  let stopToken: string | undefined;
  const mask = (text: string) => applyMasks(text, [...masks, ...added]);

  // A carriage return alone ends a line too.
  for (const line of output.split(/\r\n|\n|\r/)) {
    const command = parseCommand(line) ?? parseOldCommand(line);
    if (command === undefined || stopToken !== undefined) {
      if (command?.name === stopToken) stopToken = undefined;
      shown.push(mask(line));
      continue;
    }
    switch (command.name) {
      case 'stop-commands':
        stopToken = command.message;
        shown.push(mask(line));
        break;
      case 'add-mask':
        if (command.message !== '') added.push(command.message);
        shown.push('::add-mask::***');
        break;
      case 'debug':
        if (debug) shown.push(mask(`##[debug]${command.message}`));
        break;
      case 'error':
      case 'warning':
      case 'notice':
        annotations.push(annotate(command.name, command, mask));
        shown.push(mask(`##[${command.name}]${command.message}`));
        break;
      case 'group':
      case 'endgroup':
        shown.push(mask(`##[${command.name}]${command.message}`));
        break;
      default:
        shown.push(mask(line));
    }
  }
  return { log: shown.join('\n'), annotations, masks: added };
}

/** Replaces every secret as the runner does; of a secret with several lines each line is one. */
function applyMasks(text: string, masks: readonly string[]): string {
  const values = masks
    .flatMap((mask) => [mask, ...mask.split(/\r?\n/)])
    .filter((mask) => mask.trim() !== '')
    .sort((one, other) => other.length - one.length);
  return values.reduce((masked, value) => masked.replaceAll(value, '***'), text);
}

function annotate(level: Annotation['level'], command: Command, mask: (text: string) => string): Annotation {
  const properties = Object.entries(command.properties).map(([name, value]) => [name, mask(value)] as const);
  return { level, message: mask(command.message), properties: Object.fromEntries(properties) };
}

// `::name key=value,key=value::message`
function parseCommand(line: string): Command | undefined {
  const text = line.trimStart();
  const end = text.indexOf('::', 2);
  if (!text.startsWith('::') || end < 0) return undefined;
  const head = text.slice(2, end).trim();
  const space = head.indexOf(' ');
  const name = space < 0 ? head : head.slice(0, space);
  const properties = space < 0 ? [] : head.slice(space + 1).split(',');
  const pairs = properties.flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 1 ? [] : [[pair.slice(0, equals).trim(), unescapeProperty(pair.slice(equals + 1))] as const];
  });
  return { name, properties: Object.fromEntries(pairs), message: unescapeData(text.slice(end + 2)) };
}

/** The runner's commands: a line with any other name is ordinary text. */
const OLD_COMMANDS =
  /^(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env|set-output|stop-commands|warning)$/i;

// `##[name key=value;key=value]message`, anywhere in a line: the form of old that the runner still obeys
// (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
function parseOldCommand(line: string): Command | undefined {
  const [, head = '', message = ''] = /##\[([^\]]*)\](.*)$/.exec(line) ?? [];
  const [name = ''] = head.split(' ', 1);
  return OLD_COMMANDS.test(name) ? { name: name.toLowerCase(), properties: {}, message } : undefined;
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
}
