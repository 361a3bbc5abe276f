// A client of the Envoy door that shares no code with it: @grpc/grpc-js, with messages read from protos/ at run time.
//   NODE_PATH=…/node_modules node extproc-client.js PROTOS HOST:PORT
// Plays Envoy's part in every mode and writes what it saw as one JSON object: case → what came back.
'use strict';
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos, target] = process.argv.slice(2);
const waitMax = 20_000;
const options = { keepCase: true, longs: Number, enums: String, defaults: false, oneofs: true, includeDirs: [protos] };
const load = file => grpc.loadPackageDefinition(loader.loadSync(file, options));
const { ExternalProcessor } = load('external_processor.proto').envoy.service.ext_proc.v3;
// gRPC health checking protocol v1.
const { Health } = grpc.loadPackageDefinition(loader.fromJSON({ nested: { grpc: { nested: { health: { nested: { v1: { nested: {
  HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
  HealthCheckResponse: { fields: { status: { type: 'ServingStatus', id: 1 } }, nested: { ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } } } },
  Health: { methods: {
    Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' },
    Watch: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse', responseStream: true },
  } },
} } } } } } } }, options)).grpc.health.v1;
const insecure = grpc.credentials.createInsecure();
const client = new ExternalProcessor(target, insecure);

const bounded = (promise, what) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error(`${what} did not come`)), waitMax).unref())]);

/** One call: messages out, answers in, and the status it ended with. */
class Call {
  constructor(stream) {
    this.stream = stream;
    this.answers = [];
    this.waiting = [];
    this.ended = new Promise(resolve => stream.on('status', status => resolve({ code: status.code, details: status.details })));
    stream.on('data', answer => this.waiting.length ? this.waiting.shift()(answer) : this.answers.push(answer));
    stream.on('error', () => {}); // The status says it.
  }

  send(message) {
    this.stream.write(message);
  }

  next() {
    return bounded(this.answers.length ? Promise.resolve(this.answers.shift()) : new Promise(resolve => this.waiting.push(resolve)), 'an answer');
  }

  async end() {
    this.stream.end();
    return this.over();
  }

  async over() {
    const { code, details } = await bounded(this.ended, 'the end');
    return { status: code, details, unasked: this.answers.map(answer => answer.response) };
  }
}

const map = fields => ({ headers: Object.entries(fields).map(([key, value]) => ({ key, raw_value: Buffer.from(value) })) });
const question = name => Buffer.from(JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content: name }] }));
const reply = Buffer.from(JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', usage: { input_tokens: 12, output_tokens: 3 } }));
const asked = name => map({ ':method': 'POST', ':path': '/v1/messages', ':authority': 'api.test', ':scheme': 'http', 'content-type': 'application/json', 'x-lethe-commit-key': name });
const told = map({ ':status': '200', 'content-type': 'application/json' });
const halves = bytes => [bytes.subarray(0, 20), bytes.subarray(20)];

/** Both directions in one mode, an answer awaited for each message but in full duplex, where bodies come back in their own time. */
async function play(name, mode, { trailers = false, observing = false } = {}) {
  const call = new Call(client.Process());
  const seen = [];
  const back = { request: [], response: [] };
  let first = true;
  const send = message => {
    const protocol_config = first && !observing ? { request_body_mode: mode, response_body_mode: mode } : undefined;
    first = false;
    call.send({ ...message, metadata_context: {}, observability_mode: observing, protocol_config });
  };
  const answer = async () => {
    if (!observing) seen.push((await call.next()).response);
  };
  const echo = async direction => {
    while (true) {
      const got = await call.next();
      const streamed = got[`${direction}_body`]?.response?.body_mutation?.streamed_response;
      if (!streamed) return seen.push(got.response);
      if (seen.at(-1) !== got.response) seen.push(got.response);
      back[direction].push(streamed.body ?? Buffer.alloc(0));
      if (streamed.end_of_stream) return undefined;
    }
  };
  for (const [direction, headers, body] of [['request', asked(name), question(name)], ['response', told, reply]]) {
    send({ [`${direction}_headers`]: { headers, end_of_stream: false } });
    await answer();
    if (mode === 'NONE') continue;
    const chunks = mode.startsWith('BUFFERED') ? [body] : halves(body);
    for (const [at, chunk] of chunks.entries()) {
      send({ [`${direction}_body`]: { body: chunk, end_of_stream: at === chunks.length - 1 && !trailers } });
      if (mode !== 'FULL_DUPLEX_STREAMED') await answer();
    }
    if (trailers) send({ [`${direction}_trailers`]: { trailers: map({ 'x-checked': 'yes' }) } });
    if (mode === 'FULL_DUPLEX_STREAMED') await echo(direction);
    else if (trailers) await answer();
  }
  const whole = mode !== 'FULL_DUPLEX_STREAMED' || (Buffer.concat(back.request).equals(question(name)) && Buffer.concat(back.response).equals(reply));
  return { answers: seen, whole, ...(observing ? await call.over() : await call.end()) };
}

const unary = (method, message) => new Promise(resolve => method(message, { deadline: Date.now() + waitMax }, (fault, answer) => resolve(fault ? { status: fault.code, details: fault.details } : { status: 0, answer: answer.status })));

async function health() {
  const asking = new Health(target, insecure);
  const check = service => unary(asking.Check.bind(asking), { service });
  const watch = new Call(asking.Watch({ service: '' }));
  const seen = { whole: await check(''), door: await check('envoy.service.ext_proc.v3.ExternalProcessor'), other: await check('other'), watched: (await watch.next()).status };
  watch.stream.cancel();
  seen.left = await watch.over();
  asking.close();
  return seen;
}

/** The bytes go as they are, to whatever method. */
const raw = (method, options = {}) => new Call(client.makeBidiStreamRequest(method, bytes => bytes, bytes => bytes, new grpc.Metadata(), options));

async function wrongMethod() {
  const call = raw('/envoy.service.ext_proc.v3.ExternalProcessor/Nothing');
  call.send(Buffer.alloc(0));
  return call.end();
}

async function broken() {
  const call = raw('/envoy.service.ext_proc.v3.ExternalProcessor/Process');
  call.send(Buffer.from([0x12, 0x7f, 0x01]));
  return call.end();
}

async function oversize(name) {
  const call = new Call(client.Process());
  call.send({ request_headers: { headers: asked(name) }, protocol_config: { request_body_mode: 'STREAMED', response_body_mode: 'STREAMED' } });
  const first = (await call.next()).response;
  call.send({ request_body: { body: Buffer.alloc(2 * 1024 * 1024, 0x20) } });
  return { first, ...(await call.over()) };
}

async function compressed() {
  const squeezing = new ExternalProcessor(target, insecure, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
  const call = new Call(squeezing.Process());
  call.send({ request_headers: { headers: asked('compressed') } });
  const seen = await call.end();
  squeezing.close();
  return seen;
}

async function deadline() {
  const call = new Call(client.Process({ deadline: Date.now() + 300 }));
  call.send({ request_headers: { headers: asked('deadline') } });
  const first = (await call.next()).response;
  return { first, ...(await call.over()) };
}

async function cancelled(name) {
  const call = new Call(client.Process());
  call.send({ request_headers: { headers: asked(name) }, protocol_config: { request_body_mode: 'STREAMED', response_body_mode: 'STREAMED' } });
  await call.next();
  call.send({ request_body: { body: question(name), end_of_stream: true } });
  await call.next();
  call.send({ response_headers: { headers: told } });
  await call.next();
  call.send({ response_body: { body: reply.subarray(0, 20) } });
  const last = (await call.next()).response;
  call.stream.cancel();
  return { last, ...(await call.over()) };
}

(async () => {
  const seen = {};
  for (const mode of ['NONE', 'STREAMED', 'BUFFERED', 'BUFFERED_PARTIAL', 'FULL_DUPLEX_STREAMED']) {
    seen[mode] = await play(mode, mode);
    if (mode !== 'NONE') seen[`${mode}+trailers`] = await play(`${mode}+trailers`, mode, { trailers: true });
  }
  seen.observed = await play('observed', 'STREAMED', { observing: true });
  seen['observed+trailers'] = await play('observed+trailers', 'STREAMED', { observing: true, trailers: true });
  seen.health = await health();
  seen.wrong_method = await wrongMethod();
  seen.broken = await broken();
  seen.compressed = await compressed();
  seen.deadline = await deadline();
  seen.cancelled = await cancelled('cancelled');
  const beside = play('beside-oversize', 'STREAMED');
  seen.oversize = await oversize('oversize');
  seen['beside-oversize'] = await beside;
  seen.many = await Promise.all(Array.from({ length: 200 }, (_, number) => play(`many-${number}`, 'FULL_DUPLEX_STREAMED')));
  client.close();
  process.stdout.write(JSON.stringify(seen));
})().catch(fault => {
  process.stderr.write(`${fault.stack}\n`);
  process.exit(1);
});
