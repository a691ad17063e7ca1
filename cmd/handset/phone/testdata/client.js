// An SMPP client by node-smpp that does what it reads as JSON lines.
const smpp = require('smpp');
const readline = require('readline');
const tell = event => process.stdout.write(JSON.stringify(event) + '\n');
const [port, password] = process.argv.slice(2);
const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` }, () =>
  session.bind_transceiver({ system_id: 'test', password }, pdu => tell({ event: 'bound', status: pdu.command_status })));
session.on('error', () => {}).on('close', () => tell({ event: 'closed' }));
session.on('deliver_sm', pdu => {
  session.send(pdu.response());
  const text = pdu.short_message.message;
  tell({
    event: 'deliver', from: pdu.source_addr, to: pdu.destination_addr, esm: pdu.esm_class, coding: pdu.data_coding,
    text: typeof text === 'string' ? text : Buffer.from(text).toString('hex'), id: pdu.receipted_message_id || '', state: pdu.message_state || 0,
  });
});
const commands = {
  submit: c => session.submit_sm({
    source_addr: c.from, source_addr_ton: 1, destination_addr: c.to, dest_addr_ton: 1, registered_delivery: c.report,
    data_coding: c.coding || 0, esm_class: c.esm || 0,
    ...(c.hex ? { short_message: Buffer.from(c.hex, 'hex') } : { short_message: c.text }),
  }, pdu => tell({ event: 'submitted', status: pdu.command_status, id: pdu.message_id })),
  unbind: () => session.unbind(() => tell({ event: 'unbound' })),
};
readline.createInterface({ input: process.stdin })
  .on('line', line => { const c = JSON.parse(line); commands[c.do](c); })
  .on('close', () => process.exit());
