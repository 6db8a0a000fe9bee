"""What a thread in uninterruptible sleep waits for, told by the kernel function it sleeps in.

One table of patterns for rules (as label matchers) and for culprits. Names are of functions that exist
in some kernel from 3.10 to 6.18; a thread in none of them is of the class ``other``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

VFORK = "kernel_clone|_do_fork|do_fork|wait_for_vfork_done"
"""A parent that waits for its vfork child to exec: D by design."""

JOURNAL = (
    "jbd2_.*|wait_transaction_locked|do_get_write_access|start_this_handle|ext4_fc_.*|xlog_.*|xfs_log_.*|"
    "xfs_trans_.*|wait_current_trans|btrfs_commit_transaction|btrfs_wait_for_commit|btrfs_sync_log"
)
"""The journal of a file system: while it is written, all who change a file there wait."""
BLOCK = (
    "io_schedule.*|folio_wait.*|wait_on_page.*|__lock_page.*|bit_wait_io.*|wait_on_buffer|__wait_on_buffer|"
    "blk_.*|__blk.*|blkdev_.*|rq_qos_wait|wbt_wait|do_blockdev_direct_IO|__iomap_dio_rw|iomap_dio_.*|"
    "ext4_.*|xfs_.*|_xfs_.*|btrfs_.*|raid5_.*|md_.*|dm_.*|scsi_.*|submit_bio_wait|bio_await.*|sync_inodes_sb|"
    "wb_wait_for_completion|balance_dirty_pages.*|swap_.*|filemap_.*|read_swap_.*"
)
DISK = f"{BLOCK}|{JOURNAL}"
REMOTE = "rpc_.*|nfs.*|__nfs.*|wait_for_response|cifs.*|smb2?_.*|request_wait_answer|fuse_.*|ceph_.*|p9_.*"
MEMORY = (
    "mem_cgroup_.*|__mem_cgroup_.*|try_charge.*|shrink_.*|reclaim_throttle|throttle_direct_reclaim|"
    "congestion_wait|out_of_memory|try_to_free_.*|do_try_to_free_pages|compact.*"
)
LOCK = (
    "rwsem_.*|__rwsem.*|rwbase_.*|__mutex_lock.*|mutex_.*|__?down.*|percpu_rwsem_wait|__percpu_down_read.*|"
    "__sb_start_write|sb_wait_write|freeze_.*|rt_mutex.*|__rt_mutex.*|cv_wait.*|__cv_.*|"
    "wait_on_inode|__wait_on_freeing_inode|__wait_rcu_gp|synchronize_.*|flock_.*|locks_.*"
)
FROZEN = "__refrigerator"

WaitClass = Literal["journal", "disk", "remote", "memory", "lock", "frozen", "vfork", "other"]

CLASSES: Mapping[WaitClass, str] = {
    "vfork": VFORK,
    "journal": JOURNAL,
    "disk": BLOCK,
    "remote": REMOTE,
    "memory": MEMORY,
    "lock": LOCK,
    "frozen": FROZEN,
}


def class_of(wchan: str | None) -> WaitClass:
    """The class of a kernel function; ``other`` of one in no class, and where it is not known."""
    for name, pattern in CLASSES.items():
        if wchan and re.fullmatch(pattern, wchan):
            return name
    return "other"
