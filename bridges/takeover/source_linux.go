package takeover

import "syscall"

// With MSG_TRUNC a TCP socket drops the bytes and copies nothing (tcp(7)).
const consumeFlag = syscall.MSG_TRUNC
