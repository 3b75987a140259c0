/** Whether something is to be awaited. What has only a `then` of its own is, as `await` has it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
