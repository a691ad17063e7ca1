// An SMS centre by node-smpp in server mode. It reads what it shall do and
// writes what it sees, in lines of JSON; centre.go says what they are. It
// confirms nothing by itself: delivery reports are for the test to send.
const smpp = require('smpp');
const [port, password, first] = process.argv.slice(2);
const tell = event => process.stdout.write(JSON.stringify(event) + '\n');
const utf16 = text => Buffer.from(text, 'utf16le').swap16();
const encode = (text, coding) => coding === 8 ? utf16(text) : smpp.encodings.ASCII.encode(text); // GSM 03.38
let client = null, bind = +first, id = +first, fault = 0, refuse = 0;

const binds = { bind_transceiver: true, bind_receiver: true, bind_transmitter: false };

function serve(peer) {
  peer.on('error', () => {}).on('close', () => {
    if (client === peer) client = null;
    tell({ event: 'gone' });
  });
  for (const [kind, receives] of Object.entries(binds)) peer.on(kind, pdu => {
    const status = pdu.password === password ? 0 : smpp.ESME_RINVPASWD;
    peer.send(pdu.response({ command_status: status, system_id: 'centre', sc_interface_version: 0x34 }));
    if (status) return peer.close();
    peer.number = ++bind;
    if (receives) client = peer;
    tell({ event: 'bound', id: pdu.system_id, bind });
  });
  peer.on('enquire_link', pdu => peer.send(pdu.response()));
  peer.on('unbind', pdu => {
    peer.send(pdu.response());
    peer.close();
    tell({ event: 'unbound' });
  });
  peer.on('submit_sm', pdu => submit(peer, pdu));
}

// What is answered has been told: the centre may be killed in between.
function submit(peer, pdu) {
  const status = fault || refuse;
  fault = 0;
  const message_id = (++id).toString(16).padStart(8, '0');
  tell({
    event: 'submit', id: message_id, status, from: pdu.source_addr, to: pdu.destination_addr,
    ton: pdu.source_addr_ton, npi: pdu.source_addr_npi, esm: pdu.esm_class, coding: pdu.data_coding,
    report: pdu.registered_delivery, ...content(pdu),
    sar: pdu.sar_total_segments ? [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] : [],
  });
  peer.send(pdu.response(status ? { command_status: status } : { message_id }));
}

// What node-smpp has decoded, and the octets that make it.
function content(pdu) {
  const { message, udh } = [pdu.short_message, pdu.message_payload]
    .map(field => field && field.message === undefined ? { message: field } : field)
    .find(field => field && field.message.length) || { message: '' };
  const header = udh ? Buffer.concat([].concat(udh)) : Buffer.alloc(0);
  const body = Buffer.isBuffer(message) ? message : encode(message, pdu.data_coding);
  return {
    text: Buffer.isBuffer(message) ? '' : message, udh: header.toString('hex'),
    octets: Buffer.concat([Buffer.from(udh ? [header.length] : []), header, body]).toString('hex'),
  };
}

function deliver(c, fields, command = 'deliver_sm') {
  if (!client || c.bind && c.bind !== client.number) return tell({ event: 'answer', tag: c.tag, status: -1 });
  client[command]({
    source_addr: c.from, source_addr_ton: 1, source_addr_npi: 1,
    destination_addr: c.to, dest_addr_ton: 1, dest_addr_npi: 1, ...fields,
  }, pdu => tell({ event: 'answer', tag: c.tag, status: pdu.command_status }));
}

const stamp = () => new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
const commands = {
  text: c => {
    const udh = Buffer.from(c.udh || '', 'hex');
    deliver(c, { short_message: Buffer.concat([udh, encode(c.text, c.coding)]), data_coding: c.coding, esm_class: udh.length ? 0x40 : 0 });
  },
  data: c => deliver(c, { message_payload: encode(c.text, c.coding), data_coding: c.coding }, 'data_sm'),
  report: c => deliver(c, {
    esm_class: 4, ...(c.bare ? {} : { receipted_message_id: c.id, message_state: c.state }),
    short_message: `id:${c.id} sub:001 dlvrd:001 submit date:${stamp()} done date:${stamp()} stat:${c.stat} err:${c.err} text:`,
  }),
  fault: c => {
    fault = c.status;
    tell({ event: 'armed' });
  },
  refuse: c => { refuse = c.status; },
  unbind: () => {
    const peer = client;
    peer.unbind(() => {
      tell({ event: 'unbound' });
      peer.close();
    });
  },
  reset: () => client.socket.resetAndDestroy(),
};

smpp.createServer(serve).listen(+port, '127.0.0.1', () => tell({ event: 'ready' }));
require('readline').createInterface({ input: process.stdin })
  .on('line', line => { const c = JSON.parse(line); commands[c.do](c); })
  .on('close', () => process.exit());
