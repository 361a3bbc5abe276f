using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Puts lines one behind the other, and before each what it says was written; knows where all of it will stand. Not thread-safe.</summary>
internal sealed class LinePen : IDisposable
{
    private const long RequestsBytesMax = 32L * 1024 * 1024;
    private const long HeadsBytesMax = 2L * 1024 * 1024;

    private readonly Guid journal;
    private readonly OpenCalls open;
    private readonly RepeatIndex requests = new(RequestsBytesMax);
    private readonly RepeatIndex heads = new(HeadsBytesMax);
    private readonly UnsealedLines lines = new();
    private readonly LineBuffer scratch = new();
    private readonly PiecePen pieces = new();

    public LinePen(Guid journal, IEnumerable<JournaledCall> begun)
    {
        this.journal = journal;
        open = new OpenCalls(begun);
    }

    /// <summary>Lines that are not in the file yet.</summary>
    public int LineBytes => lines.Length;

    /// <summary>Pieces that are not in the file yet, salts between them.</summary>
    public List<ReadOnlyMemory<byte>> Pieces => pieces.Unwritten;

    /// <summary>Where the next line will stand.</summary>
    public JournalPosition Position { get; private set; }

    /// <summary>Where the next piece will stand.</summary>
    public long BodiesEnd => pieces.End;

    /// <summary>The number of the first line that is not known to be synced.</summary>
    public long DurableSequence { get; set; }

    /// <summary>That of the last line that <see cref="SealLines"/> has reached.</summary>
    public ReadOnlySpan<byte> Seal => lines.LastSeal;

    /// <summary>What comes next stands at a position and follows a seal. What was not flushed is dropped, and calls are open as they were there.</summary>
    public void StartAt(JournalPosition at, long bodiesEnd, ReadOnlySpan<byte> previousSeal)
    {
        Flushed();
        requests.Clear();
        heads.Clear();
        open.RollBack(at.Sequence);
        Position = at;
        pieces.StartAt(at.Segment, bodiesEnd);
        lines.Follow(previousSeal);
    }

    /// <summary>Ends every line that is not in the file yet with what it commits to and with its seal, and shows them all.</summary>
    public ReadOnlyMemory<byte> SealLines() => lines.Seal();

    /// <summary>Everything up to here is in the files.</summary>
    public void Flushed()
    {
        lines.Clear();
        pieces.Unwritten.Clear();
    }

    /// <summary>The lines before this number are on disk; how calls stood before them is of no more use.</summary>
    public void Settle(long sequence)
    {
        DurableSequence = sequence;
        open.Settle(sequence);
    }

    public PenMark Mark() => new(lines.Count, lines.Length, Pieces.Count, Position, BodiesEnd);

    /// <summary>Takes back every line since the mark.</summary>
    public void RollBack(PenMark mark)
    {
        requests.Clear();
        heads.Clear();
        lines.Truncate(mark.Lines, mark.LineBytes);
        pieces.RollBack(mark.Pieces, mark.BodiesEnd);
        open.RollBack(mark.Position.Sequence);
        Position = mark.Position;
    }

    /// <summary>The segment's first line.</summary>
    public void Header() => Write(LineKind.Header, into => SegmentHeader.Write(new SegmentHeader(journal, [.. Seal], [.. open.All]), Position.Segment, into));

    /// <summary>The segment's last line.</summary>
    public void Footer() => Write(LineKind.Footer, static into => into.Raw("{}"u8));

    public void Anchor(SegmentAnchor anchor) => Write(LineKind.Anchor, anchor.Write);

    public void Erased(Erasure erasure) => Write(LineKind.Erased, erasure.Write);

    /// <summary>A call in one line.</summary>
    public void Whole(CapturedExchange exchange) => Whole(exchange, new SharedBytes(exchange.Request.Bytes));

    /// <inheritdoc cref="Whole(CapturedExchange)"/>
    /// <param name="requestBytes">Those of its request.</param>
    public void Whole(CapturedExchange exchange, SharedBytes requestBytes)
    {
        pieces.BeginRange();
        using var request = new RopeBuilder(requests, ConversationOf(exchange));
        var call = FactsOf(exchange) with
        {
            Head = PutHead(exchange),
            Request = new PlacedBody(exchange.Request.WireBytes, exchange.Request.Truncated, pieces.Put(requestBytes.Bytes, request, request.Split(requestBytes))),
            Response = Put(exchange.Response, null),
            Wrote = pieces.EndRange(),
        };
        Write(call, LineKind.Exchange);
        request.Keep();
    }

    /// <summary>The first line of a call that is written as it goes; the bodies are its first pieces.</summary>
    public void Open(CapturedExchange exchange)
    {
        pieces.BeginRange();
        var request = new RopeBuilder(requests, ConversationOf(exchange));
        var call = FactsOf(exchange) with
        {
            Head = PutHead(exchange),
            Request = Put(exchange.Request, request),
            Response = Put(exchange.Response, null),
            Wrote = pieces.EndRange(),
        };
        open.Opened(call, request, Position.Sequence);
        Write(call, LineKind.Open);
    }

    /// <summary>What has come of an open call since its last line.</summary>
    public void Part(CapturedExchange piece, bool withResponseHead)
    {
        pieces.BeginRange();
        var call = FactsOf(piece) with
        {
            Head = withResponseHead ? PutHead(piece) : [],
            Request = Put(piece.Request, open.RequestOf(piece.Id)),
            Response = Put(piece.Response, null),
            Wrote = pieces.EndRange(),
        };
        open.Grew(call, Position.Sequence);
        Write(call, LineKind.Part);
    }

    /// <summary>The line of a call that was opened; the bodies are its last pieces, their totals those of the whole. It needs no other line.</summary>
    public void Close(CapturedExchange exchange)
    {
        pieces.BeginRange();
        var request = open.RequestOf(exchange.Id);
        var last = FactsOf(exchange) with { Head = PutHead(exchange), Request = Put(exchange.Request, request), Response = Put(exchange.Response, null) };
        request?.Keep();
        var whole = open.Closed(last, Position.Sequence) with { Wrote = pieces.EndRange() };
        Write(whole, LineKind.Exchange);
    }

    /// <summary>The line of a call that our own end cut off, as far as it was heard.</summary>
    public void Interrupted(JournaledCall call)
    {
        var whole = open.Closed(new JournaledCall { Id = call.Id, Request = call.Request with { Rope = [] }, Response = call.Response with { Rope = [] } }, Position.Sequence);
        var told = call.Interrupted() with { Head = whole.Head, Request = whole.Request, Response = whole.Response };
        Write(told, LineKind.Exchange);
    }

    public void Dispose()
    {
        lines.Dispose();
        scratch.Dispose();
        requests.Dispose();
        heads.Dispose();
        open.Dispose();
    }

    private static JournaledCall FactsOf(CapturedExchange exchange) => new()
    {
        Id = exchange.Id,
        CapturedAt = exchange.CapturedAt,
        Door = exchange.Door,
        OrgId = exchange.OrgId,
        Status = exchange.Status,
        Ending = exchange.Ending,
        EndingReason = exchange.EndingReason,
        TimeToFirstByte = exchange.TimeToFirstByte,
        Duration = exchange.Duration,
    };

    /// <summary>Repeats are looked for among the calls of one caller to one upstream, never across.</summary>
    private static int ConversationOf(CapturedExchange exchange) =>
        HashCode.Combine(exchange.OrgId, exchange.CredentialFingerprint, exchange.UpstreamHost, exchange.Path);

    private List<Extent> PutHead(CapturedExchange exchange)
    {
        scratch.Clear();
        CallHead.Write(exchange, scratch);
        var head = new SharedBytes(scratch.Written.ToArray());
        using var rope = new RopeBuilder(heads, ConversationOf(exchange), ownBytes: 1);
        var extents = pieces.Put(head.Bytes, rope, rope.Split(head));
        rope.Keep();
        return extents;
    }

    private PlacedBody Put(CapturedBody body, RopeBuilder? rope) => new(body.WireBytes, body.Truncated, pieces.Put(body.Bytes, rope));

    private void Write(JournaledCall call, LineKind kind) =>
        Write(kind, into => CallText.Write(call, Position.Segment, into), call.Wrote is null ? null : pieces.Range());

    private void Write(LineKind kind, Action<LineBuffer> data, ReadOnlyMemory<byte>[]? range = null)
    {
        var length = lines.Add(Position.Sequence, Math.Max(0, Position.Sequence - DurableSequence), kind, data, range);
        Position = Position with { Offset = Position.Offset + length, Sequence = Position.Sequence + 1 };
    }
}

/// <summary>A state of a <see cref="LinePen"/> to go back to.</summary>
internal readonly record struct PenMark(int Lines, int LineBytes, int Pieces, JournalPosition Position, long BodiesEnd);
