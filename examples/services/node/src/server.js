import { createServer } from 'node:http';
import { pino } from 'pino';
import { createApp } from './app.js';

const server = createServer(createApp({ commit: process.env.COMMIT_SHA ?? 'unknown', logger: pino() }));

server.listen(Number(process.env.PORT ?? 3000));

// Process 1 gets no default handler: without this, a rollout waits for the grace period to end.
process.on('SIGTERM', () => server.close());
