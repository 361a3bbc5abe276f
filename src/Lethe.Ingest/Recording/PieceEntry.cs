using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Recording;

/// <summary>What has gathered of a call, on its way to the journal: a part of it, or its end.</summary>
internal sealed class PieceEntry(RecordedCall call, CaptureBudget budget, bool isLast, Action<PieceEntry> over) : JournalEntry
{
    private CapturedExchange? snapshot;
    private CapturedExchange? taken;
    private SharedBytes? request;
    private bool withResponseHead;
    private bool opens;
    private bool continues;
    private long heldBytes;

    public RecordedCall Call { get; } = call;

    public bool IsLast { get; } = isLast;

    /// <summary>Why the piece was lost; null when it was not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>How many bytes went over the wire in each direction, once the last piece is taken.</summary>
    public (long Request, long Response) WireBytes => (taken?.Request.WireBytes ?? 0, taken?.Response.WireBytes ?? 0);

    public override void WriteTo(LinePen pen)
    {
        Call.PieceTaken();
        if (taken is null && Call.IsEnded)
        {
            return;
        }

        if (taken is null)
        {
            Take();
        }

        if (opens)
        {
            pen.Open(taken!);
            Call.IsOpen = true;
        }
        else if (!continues)
        {
            pen.Whole(taken!, request!);
        }
        else if (IsLast)
        {
            pen.Close(taken!);
        }
        else if (withResponseHead || !taken!.Request.Bytes.IsEmpty || !taken.Response.Bytes.IsEmpty)
        {
            pen.Part(taken!, withResponseHead);
        }
    }

    public override void Settle(JournalPosition end) => Finish();

    public override void Delay()
    {
        if (IsLast)
        {
            Call.Release();
        }
    }

    public override void Lose(Exception error)
    {
        Failure = error;
        Finish();
    }

    private void Take()
    {
        continues = Call.IsOpen;
        opens = !continues && !IsLast;
        snapshot = Call.Builder.Snapshot(hashed: continues || opens || !Call.KeepsBodies);
        heldBytes = snapshot.Request.Bytes.Length + snapshot.Response.Bytes.Length;
        Call.IsEnded |= IsLast;
        try
        {
            (taken, withResponseHead) = IsLast && !continues ? (Call.TakeWhole(snapshot), true) : Call.TakePiece(snapshot, IsLast);
        }
        catch (Exception error)
        {
            // What could not be redacted is not written; that the call was made is.
            Failure = error;
            taken = Bare(snapshot);
        }

        // What repeats a request later is compared with it, so its memory may be needed for longer than the entry.
        var rented = snapshot.Request;
        request = new SharedBytes(taken.Request.Bytes, _ => ExchangeBuilder.Return(rented));
        if (IsLast && Call.Builder.IsOverBudget)
        {
            taken = taken with { Attributes = new Dictionary<string, string>(taken.Attributes) { ["lethe.capture.dropped"] = "memory" } };
        }
    }

    private static CapturedExchange Bare(CapturedExchange exchange) => new()
    {
        Id = exchange.Id,
        CommitKey = exchange.CommitKey,
        OrgId = exchange.OrgId,
        Door = exchange.Door,
        CapturedAt = exchange.CapturedAt,
        Method = exchange.Method,
        Path = "/",
        Request = exchange.Request.Hashed() with { Bytes = default, Truncated = true },
        Status = exchange.Status,
        Response = exchange.Response.Hashed() with { Bytes = default, Truncated = true },
        Ending = exchange.Ending,
        EndingReason = "capture_failed",
        Duration = exchange.Duration,
    };

    private void Finish()
    {
        budget.Give(heldBytes);
        heldBytes = 0;
        over(this);
        if (snapshot is not null)
        {
            request!.LetGo();
            ExchangeBuilder.Return(snapshot.Response);
            (snapshot, taken, request) = (null, null, null);
        }

        if (IsLast)
        {
            Call.Settle(Failure is null);
            Call.Release();
        }
    }
}
