# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of the zoo share. Source it from bash.

# shellcheck source=test/rig/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../rig/lib.sh"

zoo=$top/test/zoo
zoo_cache=$cache/zoo
mkdir -p "$zoo_cache"

# zoo_rows FILE: its lines without comments
zoo_rows() {
	sed 's/#.*//; /^[[:space:]]*$/d' "$zoo/$1"
}
