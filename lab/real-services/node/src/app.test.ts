import pino from 'pino';
import request from 'supertest';
import { createApp } from './app';

const app = createApp({ commit: 'abc', logger: pino({ level: 'silent' }) });

test('the start page has a heading and a button', async () => {
  const { status, text } = await request(app).get('/');
  expect(status).toBe(200);
  expect(text).toContain('<h1 class="govuk-heading-l">');
  expect(text).toContain('govuk-button--start');
});

test('the health check tells the commit', async () => {
  const { body } = await request(app).get('/healthcheck');
  expect(body).toEqual({ status: 'ok', commit: 'abc' });
});
