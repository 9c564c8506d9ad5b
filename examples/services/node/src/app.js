export function answer(path, commit) {
  if (path === '/healthcheck') return { status: 200, body: { status: 'ok', commit } };
  return { status: 404, body: { status: 'not found' } };
}
