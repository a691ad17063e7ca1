# An SMS centre of Net::SMPP for tests, one client at a time. It does what
# centre.js beside it does, but knows no alphabets: it says the octets of a text
# in hexadecimal, and sends its own parts at once and out of order.
use strict;
use warnings;
use Encode qw(encode);
use JSON::PP;
use Net::SMPP;
use utf8;

$| = 1;
my $id = 0;
my $json = JSON::PP->new->canonical;
sub say_line { print $json->encode($_[0]), "\n" }

my @who = (source_addr_ton => 1, source_addr_npi => 1, source_addr => '12025550100', destination_addr => '12025550199', async => 1);

sub answer {
    my ($peer) = @_;
    my @parts = ('žluťoučký kůň ' x 4, 'úpěl 🐎 ' x 8, 'ďábelské ódy');
    for my $n (3, 1, 2) {
        $peer->deliver_sm(@who, data_coding => 8, esm_class => 0x40,
            short_message => pack('C6', 5, 0, 3, 0x2a, scalar @parts, $n) . encode('UTF-16BE', $parts[$n - 1]));
    }
    $peer->deliver_sm(@who, data_coding => 0, short_message => "tr\x04s? 5\x1be \x00home");
}

sub submit {
    my ($peer, $pdu) = @_;
    my $message_id = sprintf '%08X', ++$id;
    $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $message_id);
    say_line({submit => {
        from => $pdu->{source_addr}, ton => 0 + $pdu->{source_addr_ton}, npi => 0 + $pdu->{source_addr_npi}, to => $pdu->{destination_addr},
        coding => 0 + $pdu->{data_coding}, octets => unpack('H*', $pdu->{short_message})}});
    if ($pdu->{registered_delivery} & 1) { # the zeros in front are not in the report
        $peer->deliver_sm(@who, esm_class => 4,
            short_message => sprintf('id:%x sub:001 dlvrd:001 submit date:2601020304 done date:2601020304 stat:DELIVRD err:000 text:', $id));
    }
    answer($peer) if $pdu->{short_message} eq 'answer';
}

sub serve {
    my ($peer) = @_;
    while (my $pdu = $peer->read_pdu) {
        my $command = (Net::SMPP::pdu_tab->{$pdu->{cmd}} // {})->{cmd} // '';
        if ($command eq 'bind_transceiver') {
            my $right = $pdu->{password} eq 's3cr3tpw';
            $peer->bind_transceiver_resp(seq => $pdu->{seq}, status => $right ? 0 : 0x0e, system_id => 'perl');
            return unless $right;
        } elsif ($command eq 'submit_sm') {
            submit($peer, $pdu);
        } elsif ($command eq 'enquire_link') {
            $peer->enquire_link_resp(seq => $pdu->{seq});
        } elsif ($command eq 'deliver_sm_resp') {
            say_line({answer => 0 + $pdu->{status}});
        } elsif ($command eq 'unbind') {
            return $peer->unbind_resp(seq => $pdu->{seq});
        }
    }
}

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0) or die "listen: $!";
say_line({port => $server->sockport});
while (1) {
    my $peer = $server->accept or next;
    serve($peer);
    close $peer;
}
