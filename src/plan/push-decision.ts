// Whether the run may push, and the one line that says why.
import { type Caller, explainDenial, toMirrorCaller, toCaller } from './denial/denial.js';
import type { ImageName } from '../image/reference.js';
import type { Inputs } from '../inputs/inputs.js';
import { showAnswer } from '../shared/answer.js';
import { InputError } from '../shared/errors.js';
import type { RegistryState, RunContext, WriteAccess } from './context.js';
import { type CheckoutEvent, type WorkflowEvent, isFromFork } from './event/event.js';

export interface PushDecision {
  readonly push: boolean;
  /** One line that completes "pushed: yes/no, because …". */
  readonly reason: string;
}

/** Whether inputs and event allow a push; the registry may still refuse it. */
export function mayWantToPush(inputs: Inputs, event: WorkflowEvent): boolean {
  return inputs.push !== 'never' && !isFromFork(event) && !isWithheld(event);
}

export function decidePush(
  inputs: Inputs,
  event: WorkflowEvent,
  context: RunContext,
  registry: RegistryState,
): PushDecision {
  const mode = inputs.push;
  if (isFromFork(event)) {
    const reason = describeFork(event);
    if (mode === 'always') throw new InputError(`push is true, but ${reason}. Use "push: auto".`);
    return { push: false, reason };
  }
  if (isWithheld(event)) {
    const reason = event.withheld;
    if (mode === 'always')
      throw new InputError(
        `push is true, but ${reason}. Check out the commit of the event, or the head of a branch of this repository, or use "push: auto".`,
      );
    return { push: false, reason };
  }
  if (mode === 'never') return { push: false, reason: 'the input push is false' };
  if (registry.writeAccess === null)
    return { push: true, reason: 'the run may push if the registry lets it (not asked yet)' };
  const refused = describeRefusal(inputs, event, context, registry);
  if (refused !== null) {
    if (mode === 'always') throw new InputError(`push is true, but ${refused}.`);
    return { push: false, reason: refused };
  }
  const mirror = findRefusedMirror(inputs, event, context, registry);
  if (mirror === null) return { push: true, reason: describeAccess(registry) };
  // An image is pushed everywhere or nowhere. That is no error only in Dependabot's runs, which have no secrets for mirrors.
  if (mode === 'auto' && mirror.caller.origin === 'dependabot') return { push: false, reason: mirror.reason };
  throw new InputError(`The image may be pushed, but not to its mirror ${mirror.name}: ${mirror.reason}.`);
}

function describeAccess({ mirrors }: RegistryState): string {
  if (mirrors.length === 0) return 'the registry gives write access';
  return `the registry gives write access, and so ${mirrors.length === 1 ? 'does the mirror' : `do all ${mirrors.length} mirrors`}`;
}

/** Why the registry refuses write access; null when it gives it. */
function describeRefusal(
  inputs: Inputs,
  event: WorkflowEvent,
  { repository, actor }: RunContext,
  { writeAccess, images }: RegistryState,
): string | null {
  if (writeAccess?.allowed !== false) return null;
  const { hasLogin } = writeAccess;
  const caller = toCaller(inputs, event, { repository, actor, hasLogin });
  return describeDenial(inputs.image, caller, writeAccess, images.length > 0);
}

/** The first mirror that refuses write access, and why. */
function findRefusedMirror(
  inputs: Inputs,
  event: WorkflowEvent,
  { repository, actor }: RunContext,
  { mirrors }: RegistryState,
): { readonly name: string; readonly caller: Caller; readonly reason: string } | null {
  for (const { mirror, access } of mirrors) {
    if (access.allowed) continue;
    const run = toCaller(inputs, event, { repository, actor, hasLogin: true });
    const caller = toMirrorCaller(mirror, inputs, run, access.hasLogin);
    return { name: mirror.image.name, caller, reason: describeDenial(mirror.image, caller, access, false) };
  }
  return null;
}

function describeDenial(
  image: ImageName,
  caller: Caller,
  { answer, hasLogin }: Extract<WriteAccess, { allowed: false }>,
  readable: boolean,
): string {
  const { cause, change } = explainDenial({ ...caller, action: 'write', image, answer, readable });
  if (!hasLogin) return `${cause}. ${change}`;
  return `the registry ${image.registry} refuses to take an upload to ${image.repository} (${showAnswer(answer)}): ${cause}. ${change}`;
}

function isWithheld(event: WorkflowEvent): event is CheckoutEvent & { readonly withheld: string } {
  return event.kind === 'checkout' && event.withheld !== null;
}

function describeFork(event: WorkflowEvent): string {
  const from = event.kind === 'pull-request' ? (event.headRepository ?? 'a deleted fork') : 'another repository';
  return `runs for the code of a fork never push, and this ${event.name} is from ${from}`;
}
