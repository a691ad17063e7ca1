# An SMS centre by Net::SMPP. It does what centre.js does; centre.go says how
# to talk to it. Text is decoded by Perl's own tables.
use strict;
use warnings;
use Encode qw(decode encode);
use IO::Select;
use JSON::PP;
use Net::SMPP;
use POSIX qw(strftime);
use Socket qw(SOL_SOCKET SO_LINGER);

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($port, $password, $last) = @ARGV;
my $json = JSON::PP->new->ascii->utf8;
my ($client, $fault, $refuse, $typed, %tags) = (undef, 0, 0, ''); # tags by client and sequence number
my ($bind, $receiving) = ($last + 0, 0); # a number, not text
my $all = IO::Select->new(\*STDIN);

sub tell_event { print $json->encode({@_}), "\n" }

my %handlers = (
	bind_transceiver => sub { bound(@_, 'bind_transceiver_resp') },
	bind_receiver    => sub { bound(@_, 'bind_receiver_resp') },
	bind_transmitter => sub { bound(@_, 'bind_transmitter_resp') },
	enquire_link     => sub { $_[0]->enquire_link_resp(seq => $_[1]{seq}); 1 },
	unbind           => sub { $_[0]->unbind_resp(seq => $_[1]{seq}); tell_event(event => 'unbound'); 0 },
	submit_sm        => \&submit,
	unbind_resp      => sub { tell_event(event => 'unbound'); 0 },
	deliver_sm_resp  => \&answered,
	data_sm_resp     => \&answered,
);

sub bound {
	my ($peer, $pdu, $answer) = @_;
	my $status = $pdu->{password} eq $password ? 0 : 0x0e;
	$peer->$answer(seq => $pdu->{seq}, status => $status, system_id => 'centre');
	return 0 if $status;
	$bind++;
	($client, $receiving) = ($peer, $bind) unless $answer eq 'bind_transmitter_resp';
	tell_event(event => 'bound', id => $pdu->{system_id}, bind => $bind);
	return 1;
}

# What is answered has been told: the centre may be killed in between.
sub submit {
	my ($peer, $pdu) = @_;
	my ($status, $message, $udh) = ($fault || $refuse, $pdu->{short_message}, '');
	$fault = 0;
	my $id = sprintf '%08x', ++$last;
	$message = $pdu->{message_payload} // '' if $message eq '';
	my $octets = unpack 'H*', $message;
	($udh, $message) = unpack 'C/a a*', $message if $pdu->{esm_class} & 0x40;
	my $text = decode($pdu->{data_coding} == 8 ? 'UTF-16BE' : 'gsm0338', $message);
	tell_event(event => 'submit', id => $id, status => $status, from => $pdu->{source_addr}, to => $pdu->{destination_addr},
		ton => $pdu->{source_addr_ton}, npi => $pdu->{source_addr_npi}, esm => $pdu->{esm_class}, coding => $pdu->{data_coding},
		report => $pdu->{registered_delivery}, text => $text, udh => unpack('H*', $udh), octets => $octets, sar => sar($pdu));
	$peer->submit_sm_resp(seq => $pdu->{seq}, status => $status, message_id => $id);
	return 1;
}

sub sar {
	my ($pdu) = @_;
	return [] unless defined $pdu->{sar_total_segments};
	return [unpack('n', $pdu->{sar_msg_ref_num}), map { unpack 'C', $pdu->{$_} } qw(sar_total_segments sar_segment_seqnum)];
}

sub answered {
	my ($peer, $pdu) = @_;
	tell_event(event => 'answer', tag => delete $tags{$peer}{$pdu->{seq}}, status => $pdu->{status});
	return 1;
}

sub deliver {
	my ($c, $command, @fields) = @_;
	return tell_event(event => 'answer', tag => $c->{tag}, status => -1)
		unless $client && ($c->{bind} // $receiving) == $receiving;
	my $seq = $client->$command(async => 1, source_addr => $c->{from}, source_addr_ton => 1, source_addr_npi => 1,
		destination_addr => $c->{to}, dest_addr_ton => 1, dest_addr_npi => 1, @fields);
	$tags{$client}{$seq} = $c->{tag};
}

sub octets {
	my ($c) = @_;
	return encode($c->{coding} == 8 ? 'UTF-16BE' : 'gsm0338', $c->{text});
}

sub gone {
	my ($peer) = @_;
	$all->remove($peer);
	delete $tags{$peer};
	$peer->close;
	$client = undef if $client && $client == $peer;
	tell_event(event => 'gone');
}

my %commands = (
	text => sub {
		my ($c) = @_;
		my $udh = pack 'H*', $c->{udh} // '';
		deliver($c, 'deliver_sm', short_message => $udh . octets($c), data_coding => $c->{coding}, esm_class => length $udh ? 0x40 : 0);
	},
	data   => sub { deliver($_[0], 'data_sm', message_payload => octets($_[0]), data_coding => $_[0]{coding}) },
	report => sub {
		my ($c) = @_;
		my $now = strftime '%y%m%d%H%M', gmtime;
		deliver($c, 'deliver_sm', esm_class => 4,
			$c->{bare} ? () : (receipted_message_id => "$c->{id}\0", message_state => pack('C', $c->{state})),
			short_message => "id:$c->{id} sub:001 dlvrd:001 submit date:$now done date:$now stat:$c->{stat} err:$c->{err} text:");
	},
	fault  => sub { $fault = $_[0]{status}; tell_event(event => 'armed') },
	refuse => sub { $refuse = $_[0]{status} },
	unbind => sub { $client->unbind(async => 1) },
	reset  => sub {
		setsockopt $client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
		gone($client);
	},
);

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $port) or die "listen: $!";
$all->add($listener);
tell_event(event => 'ready');
while (1) {
	for my $ready ($all->can_read) {
		if ($ready == $listener) {
			$all->add($listener->accept);
		} elsif ($ready == \*STDIN) {
			sysread(STDIN, $typed, 65536, length $typed) or exit 0;
			while ($typed =~ s/^([^\n]*)\n//) {
				my $c = $json->decode($1);
				$commands{$c->{do}}($c);
			}
		} elsif ($all->exists($ready)) { # else it was reset just now
			my $pdu = $ready->read_pdu;
			my $handler = $pdu && $handlers{Net::SMPP::pdu_tab->{$pdu->{cmd}}{cmd} // ''};
			next if $handler && $handler->($ready, $pdu);
			gone($ready);
		}
	}
}
