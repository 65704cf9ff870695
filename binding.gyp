{
  'target_defaults': {
    'cflags': ['-Wall', '-Wextra', '-Wno-unused-parameter', '-O2'],
    'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fno-rtti'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
      'GCC_ENABLE_CPP_RTTI': 'NO',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
    },
  },
  'targets': [
    {
      'target_name': 'edgewise',
      'defines': [
        'NAPI_VERSION=9',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # Nothing can be thrown in a thread that is being terminated; without it the process aborts.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'include_dirs': [
        'native/core',
        'native/addon',
        "<!(node -p \"require('node-addon-api').include_dir\")",
      ],
      'sources': [
        'native/core/waker.cc',
        'native/core/waker_registry.cc',
        'native/core/descriptor_owners.cc',
        'native/core/watch_table.cc',
        'native/core/wait_thread.cc',
        'native/core/poll_poller.cc',
        'native/core/select_poller.cc',
        'native/core/socket_batch.cc',
        'native/core/socket_ops.cc',
        'native/core/io_ops.cc',
        'native/core/datagram_ops.cc',
        'native/core/terminal_ops.cc',
        'native/core/socket_address.cc',
        'native/core/socket_facts.cc',
        'native/addon/addon.cc',
        'native/addon/constants.cc',
        'native/addon/poll_wrap.cc',
        'native/addon/capabilities_wrap.cc',
        'native/addon/poller_wrap.cc',
        'native/addon/waker_wrap.cc',
        'native/addon/owners_wrap.cc',
        'native/addon/signal_wrap.cc',
        'native/addon/socket_wrap.cc',
        'native/addon/address_wrap.cc',
        'native/addon/io_wrap.cc',
        'native/addon/source_wrap.cc',
        'native/addon/socket_facts_wrap.cc',
        'native/addon/datagram_wrap.cc',
        'native/addon/pinned_wrap.cc',
        'native/addon/loop_driver.cc',
        'native/addon/thread_driver.cc',
      ],
      # Only the two entry points are exported, and what napi.h has and nothing uses is left out.
      'cflags_cc': ['-fvisibility=hidden', '-ffunction-sections', '-fdata-sections'],
      'xcode_settings': { 'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES', 'DEAD_CODE_STRIPPING': 'YES' },
      'conditions': [
        ['OS=="linux"', {
          'sources': [
            'native/core/epoll_poller.cc',
            'native/core/epoll_wait.cc',
            'native/core/wake_timer.cc',
            'native/core/backends_linux.cc',
            'native/core/io_ops_linux.cc',
            'native/core/source_ops_linux.cc',
            'native/core/process_watch_linux.cc',
            'native/core/tcp_info_linux.cc',
            'native/core/peer_credentials_linux.cc',
            'native/core/port_steering_linux.cc',
            'native/core/udp_segments_linux.cc',
            'native/core/error_queue_linux.cc',
            'native/addon/epoll_wrap.cc',
          ],
          # Deno has none of libuv's symbols: they are bound when they are called, under Node only.
          'ldflags': ['-Wl,-z,lazy', '-Wl,--gc-sections'],
        }],
        ['OS in "mac freebsd openbsd netbsd"', {
          'sources': [
            'native/core/kqueue_poller.cc',
            'native/core/backends_bsd.cc',
            'native/core/port_steering_none.cc',
            'native/core/udp_segments_none.cc',
            'native/core/error_queue_none.cc',
            'native/core/source_ops_none.cc',
            'native/core/process_watch_kqueue.cc',
            'native/addon/kqueue_wrap.cc',
          ],
        }],
        ['OS in "mac freebsd"', { 'sources': ['native/core/kqueue_waker_user.cc'] }],
        ['OS in "openbsd netbsd"', { 'sources': ['native/core/kqueue_waker_pipe.cc'] }],
        # How sockets and pipes are made, and where one call takes many datagrams.
        ['OS=="mac"', {
          'sources': [
            'native/core/io_ops_darwin.cc',
            'native/core/socket_open_darwin.cc',
            'native/core/datagram_batch_darwin.cc',
            'native/core/tcp_info_darwin.cc',
            'native/core/peer_credentials_darwin.cc',
            'native/core/ppoll_none.cc',
          ],
        }, {
          'sources': [
            'native/core/socket_open.cc',
            'native/core/datagram_batch.cc',
            'native/core/ppoll.cc',
          ],
        }],
        ['OS=="freebsd"', {
          'sources': ['native/core/io_ops_freebsd.cc', 'native/core/peer_credentials_freebsd.cc'],
        }],
        ['OS=="netbsd"', { 'sources': ['native/core/peer_credentials_netbsd.cc'] }],
        ['OS=="openbsd"', { 'sources': ['native/core/peer_credentials_openbsd.cc'] }],
        ['OS in "freebsd openbsd netbsd"', { 'sources': ['native/core/tcp_info_bsd.cc'] }],
        ['OS in "openbsd netbsd"', { 'sources': ['native/core/io_ops_none.cc'] }],
        ['OS not in "linux mac freebsd openbsd netbsd"', {
          'sources': ['native/core/unsupported_platform.cc'],
        }],
      ],
    },
    {
      # The load generator of `edgewise demo` and of bench/.
      'target_name': 'edgewise-load',
      'type': 'executable',
      'sources': [
        'bench/load/main.cc',
        'bench/load/options.cc',
        'bench/load/session.cc',
        'bench/load/crowd.cc',
        'bench/load/stream_channel.cc',
        'bench/load/datagram_channel.cc',
        'bench/load/address.cc',
        'bench/load/report.cc',
      ],
      'conditions': [
        ['OS=="linux"', {
          'sources': [
            'bench/load/readiness_epoll.cc', 'bench/load/process_linux.cc',
            'bench/load/source_linux.cc',
          ],
        }, {
          'sources': [
            'bench/load/readiness_poll.cc', 'bench/load/process_other.cc',
            'bench/load/source_other.cc',
          ],
        }],
      ],
    },
    {
      # The plain C server that bench/ compares with.
      'target_name': 'peer-epoll-echo',
      'type': 'none',
      'conditions': [
        ['OS=="linux"', { 'type': 'executable', 'sources': ['bench/peers/epoll_echo.c'] }],
      ],
    },
  ],
}
