namespace Lethe.Ingest.Journaling;

/// <summary>What opening a journal had to mend.</summary>
/// <param name="Segment">The segment whose end was cut; 0 when none was.</param>
/// <param name="BytesCut">Bytes of lines that were torn, or whose pieces had not reached the disk.</param>
/// <param name="Interrupted">Calls that were open when the last writer stopped.</param>
/// <param name="Faults">Damage that was found at the journal's end: what was cut, and what was left as it is.</param>
public sealed record JournalRepair(long Segment, long BytesCut, int Interrupted, IReadOnlyList<JournalFault> Faults);

/// <summary>Where a journal goes on: its id, its end, its last seal, and what its last writer left open.</summary>
internal sealed record JournalTail(Guid Journal, JournalPosition End, byte[] Seal, IReadOnlyList<JournaledCall> Open, JournalRepair Repair);
