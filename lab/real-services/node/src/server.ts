import pino from 'pino';
import { createApp } from './app';

const logger = pino();
const port = Number(process.env.PORT ?? 3000);
const app = createApp({ commit: process.env.COMMIT_SHA ?? 'unknown', logger });
const server = app.listen(port, () => logger.info({ port }, 'listening'));

process.on('SIGTERM', () => server.close());
