// An SMS centre of node-smpp for tests. It says on standard output, in lines of
// JSON: its port, each submit as it understands it, and each answer to what it
// delivers. The text of a submit tells it what to do.
const smpp = require('smpp');
const say = v => process.stdout.write(JSON.stringify(v) + '\n');
const utf16 = s => Buffer.from(s, 'utf16le').swap16();
let id = 0, throttled = 0;

function octets(m, coding) { // of a decoded short_message or message_payload
  if (!m) return '';
  const text = m.message === undefined ? m : m.message;
  const body = Buffer.isBuffer(text) ? text : coding === 8 ? utf16(text) : Buffer.from(text, 'latin1');
  const udh = m.udh ? Buffer.concat([].concat(m.udh)) : null;
  return Buffer.concat(udh ? [Buffer.from([udh.length]), udh, body] : [body]).toString('hex');
}

function deliver(peer, message_id) {
  const who = { source_addr_ton: 1, source_addr_npi: 1, source_addr: '12025550100', destination_addr: '12025550199' };
  const answer = pdu => say({ answer: pdu.command_status });
  peer.deliver_sm({ ...who, esm_class: 4, short_message: `id:${message_id} stat:DELIVRD err:000 text:`,
    receipted_message_id: message_id, message_state: 2 }, answer);
  peer.deliver_sm({ ...who, data_coding: 8, short_message: 'žluť €' }, answer);
  peer.data_sm({ ...who, data_coding: 1, message_payload: 'payload' }, answer);
}

const server = smpp.createServer(peer => {
  peer.on('error', () => {});
  peer.on('bind_transceiver', pdu => {
    if (pdu.password !== 'secret') {
      peer.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      return peer.close();
    }
    peer.send(pdu.response({ system_id: 'node', sc_interface_version: 0x34 }));
  });
  peer.on('enquire_link', pdu => peer.send(pdu.response()));
  peer.on('unbind', pdu => { peer.send(pdu.response()); peer.close(); say({ unbound: true }); });
  peer.on('submit_sm', pdu => {
    const text = octets(pdu.short_message, pdu.data_coding) || octets(pdu.message_payload, pdu.data_coding);
    const word = Buffer.from(text, 'hex').toString();
    if (word === 'refuse') return peer.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    if (word === 'throttle' && throttled++ === 0) return peer.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    const message_id = (++id).toString(16).padStart(8, '0');
    peer.send(pdu.response({ message_id }));
    say({ submit: { from: pdu.source_addr, ton: pdu.source_addr_ton, to: pdu.destination_addr, esm: pdu.esm_class,
      coding: pdu.data_coding, registered: pdu.registered_delivery, text,
      sar: pdu.sar_total_segments ? [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] : null } });
    if (word === 'deliver') deliver(peer, message_id);
    if (word === 'reset') peer.socket.resetAndDestroy();
    if (word === 'unbind') peer.unbind(() => { say({ unbound: true }); peer.close(); });
  });
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();
