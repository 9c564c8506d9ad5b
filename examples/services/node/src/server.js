import { createServer } from 'node:http';
import { answer } from './app.js';

const server = createServer((request, response) => {
  const { status, body } = answer(request.url, process.env.COMMIT_SHA ?? 'unknown');
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});

server.listen(Number(process.env.PORT ?? 3000));

// Process 1 gets no default handler: without this, a rollout waits for the grace period to end.
process.on('SIGTERM', () => server.close());
