/** The service without its port, so that tests can ask it. */
export function createApp({ commit, logger }) {
  return (request, response) => {
    const { status, body } = answer(request.url, commit);
    logger.info({ method: request.method, url: request.url, status }, 'answered');
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  };
}

function answer(url, commit) {
  if (url === '/healthcheck') return { status: 200, body: { status: 'ok', commit } };
  return { status: 404, body: { status: 'not found' } };
}
