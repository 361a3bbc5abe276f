using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>One direction of a call as a line tells it: what went over the wire, and where what was kept of it lies.</summary>
internal readonly record struct PlacedBody(long WireBytes, bool Truncated, IReadOnlyList<Extent> Rope)
{
    public static readonly PlacedBody Empty = new(0, false, []);

    public PlacedBody Then(PlacedBody more)
    {
        var rope = new List<Extent>(Rope.Count + more.Rope.Count);
        rope.AddRange(Rope);
        for (var i = 0; i < more.Rope.Count; i++)
        {
            Extent.Append(more.Rope[i], rope);
        }

        return new PlacedBody(more.WireBytes, more.Truncated, rope);
    }
}

/// <summary>The bytes that a line wrote: 16 of salt at <paramref name="Offset"/>, then <paramref name="Length"/> of what was said.</summary>
/// <param name="Commit">SHA-256(salt ‖ SHA-256(bytes)).</param>
internal readonly record struct WrittenRange(long Offset, long Length, byte[] Commit)
{
    public const int SaltBytes = 16;

    public long End => Offset + SaltBytes + Length;
}

/// <summary>What an <c>open</c>, <c>part</c> or <c>exchange</c> line tells: the facts of a call, never a word of it. An open call is the sum of its lines.</summary>
internal sealed record JournaledCall
{
    public required ExchangeId Id { get; init; }

    public DateTimeOffset CapturedAt { get; init; }

    public Door Door { get; init; }

    public string OrgId { get; init; } = Organisation.None;

    public int? Status { get; init; }

    public Ending Ending { get; init; } = Ending.Incomplete;

    public string? EndingReason { get; init; }

    public TimeSpan? TimeToFirstByte { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>Method, path, headers, evidence, as <see cref="CallHead"/> writes them; empty where a part adds nothing to what was told before.</summary>
    public IReadOnlyList<Extent> Head { get; init; } = [];

    public PlacedBody Request { get; init; } = PlacedBody.Empty;

    public PlacedBody Response { get; init; } = PlacedBody.Empty;

    /// <summary>What this line wrote; null when it wrote nothing.</summary>
    public WrittenRange? Wrote { get; init; }

    /// <summary>The lowest segment that any piece lies in; <see cref="long.MaxValue"/> when there is none.</summary>
    public long LowestSegment => Pieces().Select(extent => extent.Segment).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>The call with a line more of it.</summary>
    public JournaledCall With(JournaledCall later) => later with
    {
        Head = later.Head.Count > 0 ? later.Head : Head,
        Request = Request.Then(later.Request),
        Response = Response.Then(later.Response),
        Wrote = null,
    };

    /// <summary>The call as it is told when our own end cut it off.</summary>
    public JournaledCall Interrupted() => this with { Ending = Ending.Incomplete, EndingReason = "recorder_stopped", Wrote = null };

    public IEnumerable<Extent> Pieces() => Head.Concat(Request.Rope).Concat(Response.Rope);
}
