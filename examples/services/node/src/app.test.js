import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import request from 'supertest';
import { createApp } from './app.js';

const logged = [];
const logger = pino({ base: null }, { write: (line) => logged.push(JSON.parse(line)) });
const app = createApp({ commit: 'abc', logger });

test('tells its commit', () => request(app).get('/healthcheck').expect(200, { status: 'ok', commit: 'abc' }));

test('knows no other path', () => request(app).get('/other').expect(404));

test('logs what it answered', async () => {
  await request(app).get('/healthcheck');
  const { method, url, status, msg } = logged.at(-1);
  assert.deepEqual({ method, url, status, msg }, { method: 'GET', url: '/healthcheck', status: 200, msg: 'answered' });
});
