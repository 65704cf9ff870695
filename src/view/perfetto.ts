// A trace for ui.perfetto.dev: packets of track events, in the format of Protocol Buffers. The numbers of
// the fields are those of protos/perfetto/trace in google/perfetto.
import type { TraceData } from '../trace/data.ts';
import type { TraceModel } from './model.ts';
import { ProtoWriter } from './proto.ts';
import { type Step, type Track, timelineOf } from './timeline.ts';

const Trace = { packet: 1 } as const;
const Packet = {
  clockSnapshot: 6,
  timestamp: 8,
  sequenceId: 10,
  trackEvent: 11,
  timestampClockId: 58,
  trackDescriptor: 60,
} as const;
const ClockSnapshot = { clocks: 1, primaryTraceClock: 2 } as const;
const Clock = { id: 1, timestamp: 2 } as const;
const ClockId = { realtime: 1, monotonic: 3 } as const;
const TrackDescriptor = {
  uuid: 1,
  name: 2,
  process: 3,
  thread: 4,
  parentUuid: 5,
  counter: 8,
} as const;
const ProcessDescriptor = { pid: 1, name: 6 } as const;
const ThreadDescriptor = { pid: 1, tid: 2, name: 5 } as const;
const CounterDescriptor = { unit: 3 } as const;
const UNIT_BYTES = 3;
const TrackEvent = {
  debugAnnotations: 4,
  type: 9,
  trackUuid: 11,
  categories: 22,
  name: 23,
  counterValue: 30,
} as const;
const TYPE_NUMBERS = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
const Annotation = { integer: 4, text: 6, name: 10 } as const;

const NS_PER_MS = 1e6;
/** Tracks of one process: so many that those of two traces are not taken for one. */
const TRACKS_MAX = 2 ** 24;

/** Makes the bytes of a file for Perfetto, `.pftrace`. */
export function perfettoOf(model: TraceModel): Uint8Array {
  const { trace } = model;
  const file = new ProtoWriter();
  const { tracks, reactors } = timelineOf(model);
  const uuidOf = ({ id }: Track) => trace.pid * TRACKS_MAX + id;
  file.message(Trace.packet, (packet) => writeClocks(packet, trace));
  for (const track of tracks) {
    file.message(Trace.packet, (packet) => writeTrack(packet, track, trace.pid, uuidOf));
  }
  reactors.forEach((steps, index) => {
    for (const step of steps) {
      file.message(Trace.packet, (packet) => {
        packet
          .integer(Packet.timestamp, Math.round(step.timeNs))
          .integer(Packet.timestampClockId, ClockId.monotonic)
          .integer(Packet.sequenceId, index + 1)
          .message(Packet.trackEvent, (event) => writeEvent(event, step, uuidOf(step.track)));
      });
    }
  });
  return file.finish();
}

// Ours is the monotonic clock, and not the one that goes on in a system that sleeps.
function writeClocks(packet: ProtoWriter, { takenAtNs, takenAtMs }: TraceData): void {
  const writeClock = (id: number, timeNs: number) => (clock: ProtoWriter) => {
    clock.integer(Clock.id, id).integer(Clock.timestamp, Math.round(timeNs));
  };
  packet.integer(Packet.sequenceId, 1).message(Packet.clockSnapshot, (snapshot) => {
    snapshot
      .message(ClockSnapshot.clocks, writeClock(ClockId.monotonic, takenAtNs))
      .message(ClockSnapshot.clocks, writeClock(ClockId.realtime, takenAtMs * NS_PER_MS))
      .integer(ClockSnapshot.primaryTraceClock, ClockId.monotonic);
  });
}

function writeTrack(
  packet: ProtoWriter,
  track: Track,
  pid: number,
  uuidOf: (track: Track) => number,
): void {
  packet.integer(Packet.sequenceId, 1).message(Packet.trackDescriptor, (descriptor) => {
    descriptor.integer(TrackDescriptor.uuid, uuidOf(track)).text(TrackDescriptor.name, track.name);
    if (track.parent !== undefined) {
      descriptor.integer(TrackDescriptor.parentUuid, uuidOf(track.parent));
    }
    DESCRIBE[track.type]?.(descriptor, track, pid);
  });
}

/** What a track is, for those that are not only a row. */
const DESCRIBE: Partial<
  Record<Track['type'], (descriptor: ProtoWriter, track: Track, pid: number) => void>
> = {
  process: (descriptor, { name }, pid) => {
    descriptor.message(TrackDescriptor.process, (process) => {
      process.integer(ProcessDescriptor.pid, pid).text(ProcessDescriptor.name, name);
    });
  },
  thread: (descriptor, { name, thread }, pid) => {
    descriptor.message(TrackDescriptor.thread, (own) => {
      // The kernel's number of a thread is known of the main one only.
      own.integer(ThreadDescriptor.pid, pid).integer(ThreadDescriptor.tid, pid + thread);
      own.text(ThreadDescriptor.name, name);
    });
  },
  counter: (descriptor) => {
    descriptor.message(TrackDescriptor.counter, (counter) => {
      counter.integer(CounterDescriptor.unit, UNIT_BYTES);
    });
  },
};

function writeEvent(event: ProtoWriter, step: Step, uuid: number): void {
  const { type, track, name, details, value } = step;
  event.integer(TrackEvent.type, TYPE_NUMBERS[type]).integer(TrackEvent.trackUuid, uuid);
  if (type === 'counter') {
    event.integer(TrackEvent.counterValue, value);
    return;
  }
  if (type !== 'end') event.text(TrackEvent.categories, track.type).text(TrackEvent.name, name);
  for (const [key, detail] of Object.entries(details)) {
    event.message(TrackEvent.debugAnnotations, (annotation) => {
      if (typeof detail === 'string') annotation.text(Annotation.text, detail);
      else annotation.integer(Annotation.integer, detail);
      annotation.text(Annotation.name, key);
    });
  }
}
