// What a Dockerfile asks a build for: secrets that its steps mount, and build arguments that it declares. Pure.
import { type Dockerfile, type Stage, readFlags } from './dockerfile.js';

export interface SecretMount {
  readonly stage: Stage;
  /** The stage's name for messages; `stage-1` for one without. */
  readonly label: string;
  /** May hold a variable: `npm_$NAME`. */
  readonly id: string;
  /** Whether the step fails without the secret; otherwise it runs without. */
  readonly required: boolean;
  /** Whether the step is one of images that are built on this one. */
  readonly onBuild: boolean;
}

/** Every `RUN --mount=type=secret`: https://docs.docker.com/reference/dockerfile/#run---mounttypesecret */
export function listSecretMounts(dockerfile: Dockerfile): SecretMount[] {
  return dockerfile.stages.flatMap((stage) =>
    stage.instructions.flatMap((instruction) => {
      const own = withoutOnBuild(instruction);
      const { keyword, flags } = readFlags(own);
      if (!/^RUN$/i.test(keyword)) return [];
      const mounts = flags.filter((flag) => flag.startsWith('--mount=')).map((flag) => flag.slice('--mount='.length));
      return mounts.flatMap((mount) => {
        const secret = parseSecretMount(mount);
        if (secret === null) return [];
        return [
          {
            stage,
            label: stage.name?.toLowerCase() ?? `stage-${dockerfile.stages.indexOf(stage)}`,
            ...secret,
            onBuild: own !== instruction,
          },
        ];
      });
    }),
  );
}

/** @returns null for a mount of another type */
function parseSecretMount(mount: string): Pick<SecretMount, 'id' | 'required'> | null {
  const fields = new Map(
    mount.split(',').map((field): [string, string] => {
      const [name = '', ...value] = field.split('=');
      return [name.trim().toLowerCase(), value.join('=')];
    }),
  );
  if (fields.get('type') !== 'secret') return null;
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '';
  // Without an ID it is the last part of the target.
  const id = fields.get('id') ?? target.split('/').at(-1) ?? '';
  const required = fields.get('required');
  return { id, required: required !== undefined && /^(?:|1|t|true)$/i.test(required) };
}

/** Names of every ARG, also of those that images built on this one would have. */
export function listDeclaredArguments({ stages, beforeStages }: Dockerfile): string[] {
  const instructions = [...beforeStages, ...stages.flatMap((stage) => stage.instructions)];
  return [...new Set(instructions.map(withoutOnBuild).flatMap(listArguments))];
}

/** `ARG A B=1` -> `A`, `B` */
export function listArguments(instruction: string): string[] {
  const [, names] = /^ARG\s+(.*)$/i.exec(instruction) ?? [];
  return names === undefined ? [] : names.split(/\s+/).map((name) => name.replace(/=.*$/, ''));
}

function withoutOnBuild(instruction: string): string {
  return instruction.replace(/^ONBUILD\s+/i, '');
}
