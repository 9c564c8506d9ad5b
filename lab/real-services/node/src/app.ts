import { join } from 'node:path';
import express, { type Express } from 'express';
import nunjucks from 'nunjucks';
import type { Logger } from 'pino';

export interface Settings {
  readonly commit: string;
  readonly logger: Logger;
}

const STARTED = {
  title: 'Apply for a school place',
  heading: 'Before you start',
};

export function createApp({ commit, logger }: Settings): Express {
  const app = express();
  app.disable('x-powered-by');
  nunjucks.configure(
    [
      join(__dirname, 'views'),
      join(__dirname, '../node_modules/govuk-frontend/dist'),
    ],
    {
      autoescape: true,
      express: app,
    },
  );
  app.use((request, response, next) => {
    response.on('finish', () => {
      logger.info(
        {
          method: request.method,
          url: request.originalUrl,
          status: response.statusCode,
        },
        'answered',
      );
    });
    next();
  });
  app.use('/public', express.static(join(__dirname, 'public')));
  app.use(
    '/assets',
    express.static(
      join(__dirname, '../node_modules/govuk-frontend/dist/govuk/assets'),
    ),
  );
  app.get('/healthcheck', (_request, response) => {
    response.json({ status: 'ok', commit });
  });
  app.get('/', (_request, response) => {
    response.render('start.njk', STARTED);
  });
  return app;
}
