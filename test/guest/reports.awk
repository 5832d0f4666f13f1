# SPDX-License-Identifier: GPL-2.0-only
# What is left of a kernel's log without the reports that are none of the module's. For
# busybox awk; with count=1 it prints how many reports of KCSAN's were left out.
#
# KCSAN reports data races of the kernel's own as well, which are many. One counts if it
# names this module, be it anywhere in its two stacks; but not if it is about the clock for NMIs,
# which has two copies and reads the one that is not being written. There is a line of = before
# and after a report of KCSAN's or KASAN's.
#
# A WARN of the kernel's own, which is there without the module as well, is named by the case, in
# the variable "known": an expression that its text matches, from "cut here" to "end trace".

function keep(line) {
	if (!count)
		print line
}

# What another CPU has said meanwhile is not KCSAN's.
function others_words(report,   line, n, i) {
	n = split(report, line, "\n")
	for (i = 1; i <= n; i++)
		if (line[i] ~ /WARNING:|Oops|INFO:|BUG: [^K]|soft lockup|hard LOCKUP/)
			keep(line[i])
}

function end_of_warning() {
	if (!known || warning !~ known || gsub(/WARNING: /, "&", warning) > 1 ||
	    warning ~ /Oops|BUG|INFO:|UBSAN|lockup|LOCKUP/)
		keep(warning)
	warning = ""
}

/={60,}/ {
	within = !within
	if (within) {
		report = ""
	} else if (report !~ /BUG: KCSAN:/ || (report ~ /scx_loopguard/ &&
		   report !~ /KCSAN: data-race in ktime_get_(mono|boot)_fast_ns/)) {
		keep(report)
	} else {
		others_words(report)
		others++
	}
	next
}
within {
	report = report $0 "\n"
	next
}
/\[ cut here \]/ {
	if (warning != "")
		end_of_warning()
	warning = $0
	next
}
warning != "" {
	warning = warning "\n" $0
	if (/end trace/)
		end_of_warning()
	next
}
{ keep($0) }
END {
	if (within)
		keep(report)
	if (warning != "")
		end_of_warning()
	if (count)
		print others + 0
}
