# An SMS centre of Net::SMPP for tests, one client at a time. It does and says
# what centre.js beside it does.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use Net::SMPP;
use Socket qw(SOL_SOCKET SO_LINGER);

$| = 1;
my ($id, $throttled) = (0, 0);
my $json = JSON::PP->new->canonical;
sub say_line { print $json->encode($_[0]), "\n" }

my @who = (source_addr_ton => 1, source_addr_npi => 1, source_addr => '12025550100', destination_addr => '12025550199', async => 1);

sub deliver {
    my ($peer, $message_id) = @_;
    $peer->deliver_sm(@who, esm_class => 4, short_message => "id:$message_id stat:DELIVRD err:000 text:",
        receipted_message_id => "$message_id\0", message_state => chr(2));
    $peer->deliver_sm(@who, data_coding => 8, short_message => pack('n*', 0x17e, 0x6c, 0x75, 0x165, 0x20, 0x20ac));
    $peer->data_sm(@who, data_coding => 1, message_payload => 'payload');
}

sub submit {
    my ($peer, $pdu) = @_;
    my $text = $pdu->{short_message};
    $text = $pdu->{message_payload} // '' if $text eq '';
    return $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0x0b, message_id => '') if $text eq 'refuse';
    return $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0x58, message_id => '') if $text eq 'throttle' && $throttled++ == 0;
    my $message_id = sprintf '%08x', ++$id;
    $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $message_id);
    my $sar = defined $pdu->{sar_total_segments}
        ? [unpack('n', $pdu->{sar_msg_ref_num}), unpack('C', $pdu->{sar_total_segments}), unpack('C', $pdu->{sar_segment_seqnum})] : undef;
    say_line({submit => {
        from => $pdu->{source_addr}, ton => 0 + $pdu->{source_addr_ton}, to => $pdu->{destination_addr}, esm => 0 + $pdu->{esm_class},
        coding => 0 + $pdu->{data_coding}, registered => 0 + $pdu->{registered_delivery}, text => unpack('H*', $text), sar => $sar}});
    deliver($peer, $message_id) if $text eq 'deliver';
    if ($text eq 'reset') {
        setsockopt($peer, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
        close $peer;
    }
    $peer->unbind(async => 1) if $text eq 'unbind';
}

sub serve {
    my ($peer) = @_;
    while (my $pdu = $peer->read_pdu) {
        my $command = (Net::SMPP::pdu_tab->{$pdu->{cmd}} // {})->{cmd} // '';
        if ($command eq 'bind_transceiver') {
            my $right = $pdu->{password} eq 'secret';
            $peer->bind_transceiver_resp(seq => $pdu->{seq}, status => $right ? 0 : 0x0e, system_id => 'perl');
            return unless $right;
        } elsif ($command eq 'submit_sm') {
            submit($peer, $pdu);
            return unless $peer->opened;
        } elsif ($command eq 'enquire_link') {
            $peer->enquire_link_resp(seq => $pdu->{seq});
        } elsif ($command eq 'deliver_sm_resp' || $command eq 'data_sm_resp') {
            say_line({answer => 0 + $pdu->{status}});
        } elsif ($command eq 'unbind') {
            $peer->unbind_resp(seq => $pdu->{seq});
            return say_line({unbound => \1});
        } elsif ($command eq 'unbind_resp') {
            return say_line({unbound => \1});
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
