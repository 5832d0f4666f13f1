# SPDX-License-Identifier: GPL-2.0-only
# Has the guest whose console this is died of an int3 that was not there any more? QEMU may translate
# an instruction that another emulated CPU is just patching, and keep what it was (rarer since its
# commit deba78709a, but seen with 10.0.13). The bytes in the report are read from memory, after the
# int3 has gone. Only without the module: with it, it would have to be shown that it is none of its.

{ sub(/\r$/, "") }
/ Oops: int3/ { died = 1 }
died && / Code: .* [0-9a-f][0-9a-f] </ && !code { code = 1; there = / cc </ }
died && / Modules linked in:/ { listed = 1; ours = /scx_loopguard/; exit }
END { exit !(died && code && !there && listed && !ours) }
