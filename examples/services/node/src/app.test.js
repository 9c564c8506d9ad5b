import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from './app.js';

test('tells its commit', () =>
  assert.deepEqual(answer('/healthcheck', 'abc'), { status: 200, body: { status: 'ok', commit: 'abc' } }));

test('knows no other path', () => assert.equal(answer('/other', 'abc').status, 404));
