using System.Security.Cryptography;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Puts pieces and sealed lines one behind the other, uncopied, and knows where each will stand. Not thread-safe.</summary>
internal sealed class LinePen : IDisposable
{
    private const long RequestsBytesMax = 32L * 1024 * 1024;
    private const long HeadsBytesMax = 2L * 1024 * 1024;

    private readonly Guid journal;
    private readonly OpenCalls open;
    private readonly RepeatIndex requests = new(RequestsBytesMax);
    private readonly RepeatIndex heads = new(HeadsBytesMax);
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly LineBuffer scratch = new();
    private byte[] seal = new byte[JournalLine.SealBytes];
    private byte[] nextSeal = new byte[JournalLine.SealBytes];
    private long rangeStart;
    private long rangeEnd;
    private int saltAt;

    public LinePen(Guid journal, IEnumerable<JournaledCall> begun)
    {
        this.journal = journal;
        open = new OpenCalls(begun);
    }

    /// <summary>Lines that are not in the file yet.</summary>
    public LineBuffer Lines { get; } = new();

    /// <summary>Pieces that are not in the file yet, salts between them.</summary>
    public List<ReadOnlyMemory<byte>> Pieces { get; } = [];

    /// <summary>Where the next line will stand.</summary>
    public JournalPosition Position { get; private set; }

    /// <summary>Where the next piece will stand.</summary>
    public long BodiesEnd { get; private set; }

    /// <summary>The number of the first line that is not known to be synced.</summary>
    public long DurableSequence { get; set; }

    public ReadOnlySpan<byte> Seal => seal;

    /// <summary>What comes next stands at a position and follows a seal. What was not flushed is dropped, and calls are open as they were there.</summary>
    public void StartAt(JournalPosition at, long bodiesEnd, ReadOnlySpan<byte> previousSeal)
    {
        Flushed();
        requests.Clear();
        heads.Clear();
        open.RollBack(at.Sequence);
        Position = at;
        BodiesEnd = bodiesEnd;
        previousSeal.CopyTo(seal);
    }

    /// <summary>Everything up to here is in the files.</summary>
    public void Flushed()
    {
        Lines.Clear();
        Pieces.Clear();
    }

    /// <summary>The lines before this number are on disk; how calls stood before them is of no more use.</summary>
    public void Settle(long sequence)
    {
        DurableSequence = sequence;
        open.Settle(sequence);
    }

    public PenMark Mark() => new(Lines.Length, Pieces.Count, Position, BodiesEnd, [.. seal]);

    /// <summary>Takes back every line since the mark.</summary>
    public void RollBack(PenMark mark)
    {
        requests.Clear();
        heads.Clear();
        Lines.Truncate(mark.Lines);
        Pieces.RemoveRange(mark.Pieces, Pieces.Count - mark.Pieces);
        open.RollBack(mark.Position.Sequence);
        Position = mark.Position;
        BodiesEnd = mark.BodiesEnd;
        mark.Seal.CopyTo(seal, 0);
    }

    /// <summary>The segment's first line.</summary>
    public void Header() => Write(LineKind.Header, into => SegmentHeader.Write(new SegmentHeader(journal, [.. seal], [.. open.All]), Position.Segment, into));

    /// <summary>The segment's last line.</summary>
    public void Footer() => Write(LineKind.Footer, static into => into.Raw("{}"u8));

    public void Anchor(SegmentAnchor anchor) => Write(LineKind.Anchor, anchor.Write);

    public void Erased(Erasure erasure) => Write(LineKind.Erased, erasure.Write);

    /// <summary>A call in one line.</summary>
    public void Whole(CapturedExchange exchange)
    {
        BeginRange();
        using var request = new RopeBuilder(requests, ConversationOf(exchange));
        var call = FactsOf(exchange) with
        {
            Head = PutHead(exchange),
            Request = Put(exchange.Request, request),
            Response = Put(exchange.Response, null),
            Wrote = EndRange(),
        };
        Write(LineKind.Exchange, into => CallText.Write(call, Position.Segment, into));
        request.Keep();
    }

    /// <summary>The first line of a call that is written as it goes; the bodies are its first pieces.</summary>
    public void Open(CapturedExchange exchange)
    {
        BeginRange();
        var request = new RopeBuilder(requests, ConversationOf(exchange));
        var call = FactsOf(exchange) with
        {
            Head = PutHead(exchange),
            Request = Put(exchange.Request, request),
            Response = Put(exchange.Response, null),
            Wrote = EndRange(),
        };
        open.Opened(call, request, Position.Sequence);
        Write(LineKind.Open, into => CallText.Write(call, Position.Segment, into));
    }

    /// <summary>What has come of an open call since its last line.</summary>
    public void Part(CapturedExchange piece, bool withResponseHead)
    {
        BeginRange();
        var call = FactsOf(piece) with
        {
            Head = withResponseHead ? PutHead(piece) : [],
            Request = Put(piece.Request, open.RequestOf(piece.Id)),
            Response = Put(piece.Response, null),
            Wrote = EndRange(),
        };
        open.Grew(call, Position.Sequence);
        Write(LineKind.Part, into => CallText.Write(call, Position.Segment, into));
    }

    /// <summary>The line of a call that was opened; the bodies are its last pieces, their totals those of the whole. It needs no other line.</summary>
    public void Close(CapturedExchange exchange)
    {
        BeginRange();
        var request = open.RequestOf(exchange.Id);
        var last = FactsOf(exchange) with { Head = PutHead(exchange), Request = Put(exchange.Request, request), Response = Put(exchange.Response, null) };
        request?.Keep();
        var whole = open.Closed(last, Position.Sequence) with { Wrote = EndRange() };
        Write(LineKind.Exchange, into => CallText.Write(whole, Position.Segment, into));
    }

    /// <summary>The line of a call that our own end cut off, as far as it was heard.</summary>
    public void Interrupted(JournaledCall call)
    {
        var whole = open.Closed(new JournaledCall { Id = call.Id, Request = call.Request with { Rope = [] }, Response = call.Response with { Rope = [] } }, Position.Sequence);
        var told = call.Interrupted() with { Head = whole.Head, Request = whole.Request, Response = whole.Response };
        Write(LineKind.Exchange, into => CallText.Write(told, Position.Segment, into));
    }

    public void Dispose()
    {
        Lines.Dispose();
        scratch.Dispose();
        requests.Dispose();
        heads.Dispose();
        hash.Dispose();
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

    private void BeginRange()
    {
        // A line before this one may have failed half-way.
        hash.TryGetHashAndReset(stackalloc byte[JournalLine.SealBytes], out _);
        rangeStart = BodiesEnd;
        rangeEnd = rangeStart;
    }

    private WrittenRange? EndRange()
    {
        if (rangeEnd == rangeStart)
        {
            return null;
        }

        Span<byte> salted = stackalloc byte[WrittenRange.SaltBytes + JournalLine.SealBytes];
        Pieces[saltAt].Span.CopyTo(salted);
        hash.GetHashAndReset(salted[WrittenRange.SaltBytes..]);
        BodiesEnd = rangeEnd;
        return new WrittenRange(rangeStart, rangeEnd - rangeStart - WrittenRange.SaltBytes, SHA256.HashData(salted));
    }

    private List<Extent> PutHead(CapturedExchange exchange)
    {
        scratch.Clear();
        CallHead.Write(exchange, scratch);
        var head = scratch.Written.ToArray();
        using var rope = new RopeBuilder(heads, ConversationOf(exchange), ownBytes: 1);
        var extents = Put(head, rope);
        rope.Keep();
        return extents;
    }

    private PlacedBody Put(CapturedBody body, RopeBuilder? rope) => new(body.WireBytes, body.Truncated, Put(body.Bytes, rope));

    private List<Extent> Put(ReadOnlyMemory<byte> bytes, RopeBuilder? rope)
    {
        var extents = new List<Extent>();
        if (rope is null)
        {
            PutFresh(bytes, extents);
            return extents;
        }

        foreach (var part in rope.Split(bytes.Span))
        {
            if (part.Earlier is { } earlier)
            {
                Extent.Append(earlier, extents);
            }
            else
            {
                PutFresh(bytes.Slice(part.Start, part.Length), extents);
            }
        }

        rope.Placed(extents);
        return extents;
    }

    private void PutFresh(ReadOnlyMemory<byte> bytes, List<Extent> extents)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (rangeEnd == rangeStart)
        {
            saltAt = Pieces.Count;
            Pieces.Add(RandomNumberGenerator.GetBytes(WrittenRange.SaltBytes));
            rangeEnd += WrittenRange.SaltBytes;
        }

        hash.AppendData(bytes.Span);
        Pieces.Add(bytes);
        Extent.Append(new Extent(Position.Segment, rangeEnd, bytes.Length), extents);
        rangeEnd += bytes.Length;
    }

    private void Write(LineKind kind, Action<LineBuffer> data)
    {
        var start = Lines.Length;
        JournalLine.WritePrefix(Lines, Position.Sequence, Math.Max(0, Position.Sequence - DurableSequence), kind);
        data(Lines);
        JournalLine.Seal(seal, Lines.Written.Span[start..], nextSeal);
        (seal, nextSeal) = (nextSeal, seal);
        JournalLine.WriteSuffix(Lines, seal);
        Position = Position with { Offset = Position.Offset + Lines.Length - start, Sequence = Position.Sequence + 1 };
    }
}

/// <summary>A state of a <see cref="LinePen"/> to go back to.</summary>
internal readonly record struct PenMark(int Lines, int Pieces, JournalPosition Position, long BodiesEnd, byte[] Seal);
