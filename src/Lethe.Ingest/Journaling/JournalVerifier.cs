namespace Lethe.Ingest.Journaling;

/// <summary>What a walk over a whole journal found.</summary>
/// <param name="Open">Calls without an end: still running, or cut off by a crash and not mended yet.</param>
/// <param name="Erased">Exchanges whose words were erased; that is no fault.</param>
/// <param name="UnfinishedBytes">Bytes behind the last line: a line that is being written, or one that the next start will cut.</param>
/// <param name="Head">The last line's seal, hex; with <paramref name="End"/> it proves later that nothing was cut off or rewritten.</param>
public sealed record JournalVerification(
    int Segments,
    long Exchanges,
    int Open,
    IReadOnlyList<ErasedCall> Erased,
    int UnfinishedBytes,
    JournalPosition End,
    string Head,
    IReadOnlyList<JournalFault> Faults)
{
    public JournalAnchor Anchor => new(End.Journal, End, Head);

    /// <summary>How many exchanges stand in each segment; those of damaged lines are not counted.</summary>
    public required IReadOnlyDictionary<long, long> ExchangesBySegment { get; init; }

    /// <summary>The last segment that the journal itself tells to have left; 0 when none did.</summary>
    public required long LeftTo { get; init; }
}

/// <summary>Walks every line and every piece of a journal, live or not, and reports every fault; it changes nothing. What is held at once is bounded by the faults.</summary>
public static class JournalVerifier
{
    /// <param name="anchor">A head of the chain that was taken earlier; null for none.</param>
    /// <param name="passed">Told the count of exchanges now and then.</param>
    public static JournalVerification Run(string directory, JournalAnchor? anchor = null, Action<long>? passed = null)
    {
        JournalDirectory.RefuseFirstEdition(directory);
        using var walk = new VerifyingWalk(directory, anchor, passed);
        return walk.Run();
    }

    /// <summary>The head of the chain as it is now, by the last segment alone; null when there is no journal.</summary>
    /// <exception cref="InvalidDataException">The last segment cannot be read to its end.</exception>
    public static JournalAnchor? Head(string directory)
    {
        JournalDirectory.RefuseFirstEdition(directory);
        var id = JournalIdentity.Of(directory);
        if (JournalDirectory.Segments(directory) is not [.., var last])
        {
            return null;
        }

        using var cursor = new JournalCursor(directory, new JournalPosition(id, last, 0, 0));
        var step = cursor.Step();
        while (step == CursorStep.Line)
        {
            step = cursor.Step();
        }

        return step == CursorStep.End
            ? new JournalAnchor(id, cursor.Position, Convert.ToHexStringLower(cursor.Seal))
            : throw new InvalidDataException($"The journal's last segment is damaged at {cursor.Fault!.At}: {cursor.Fault.Detail}");
    }
}
