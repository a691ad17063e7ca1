// An SMS centre of node-smpp for tests. It says on standard output, in lines of
// JSON, its port and each text as node-smpp understands it, reports delivery
// when it is asked to, and answers the text "answer" by a long one in parts,
// each sent when the one before it was answered, and a short one.
const smpp = require('smpp');
const say = v => process.stdout.write(JSON.stringify(v) + '\n');
const stamp = () => new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
const who = { source_addr_ton: 1, source_addr_npi: 1, source_addr: '12025550100', destination_addr: '12025550199' };
let id = 0;

function answer(peer) {
  const parts = ['žluťoučký kůň '.repeat(4), 'úpěl 🐎 '.repeat(8), 'ďábelské ódy'];
  const texts = parts.map((message, i) => ({ data_coding: 8, esm_class: 0x40,
    short_message: { udh: Buffer.from([5, 0, 3, 0x2a, parts.length, i + 1]), message } }));
  texts.push({ short_message: 'très? 5€ @home' });
  const next = pdu => {
    if (pdu) say({ answer: pdu.command_status });
    const fields = texts.shift();
    if (fields) peer.deliver_sm({ ...who, ...fields }, next);
  };
  next();
}

const server = smpp.createServer(peer => {
  peer.on('error', () => {});
  peer.on('bind_transceiver', pdu => {
    const right = pdu.password === 's3cr3tpw';
    peer.send(pdu.response(right ? { system_id: 'node' } : { command_status: smpp.ESME_RINVPASWD }));
    if (!right) peer.close();
  });
  peer.on('enquire_link', pdu => peer.send(pdu.response()));
  peer.on('unbind', pdu => { peer.send(pdu.response()); peer.close(); });
  peer.on('submit_sm', pdu => {
    const m = pdu.short_message, message_id = (++id).toString(16).padStart(8, '0').toUpperCase();
    peer.send(pdu.response({ message_id }));
    say({ submit: { from: pdu.source_addr, ton: pdu.source_addr_ton, npi: pdu.source_addr_npi, to: pdu.destination_addr,
      coding: pdu.data_coding, udh: m.udh ? Buffer.concat(m.udh).toString('hex') : '', text: m.message } });
    if (pdu.registered_delivery & 1) peer.deliver_sm({ ...who, esm_class: 4, receipted_message_id: message_id, message_state: 2,
      short_message: `id:${message_id} sub:001 dlvrd:001 submit date:${stamp()} done date:${stamp()} stat:DELIVRD err:000 text:` });
    if (m.message === 'answer') answer(peer);
  });
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();
