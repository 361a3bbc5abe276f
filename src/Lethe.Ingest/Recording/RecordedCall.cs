using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;

namespace Lethe.Ingest.Recording;

/// <summary>One call from its first header until its last line is on disk. Pieces are taken in the journal's writer task only.</summary>
internal sealed class RecordedCall(ExchangeBuilder builder, ExchangeRedactor? redactor, long headBytes, long startedAt) : IDisposable
{
    private readonly TaskCompletionSource durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> kept = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BodyRedactor? request;
    private BodyRedactor? response;
    private bool responseHeadTaken;
    private int isPieceAsked;

    public ExchangeBuilder Builder { get; } = builder;

    /// <summary>What the request's head holds of the budget.</summary>
    public long HeadBytes { get; } = headBytes;

    /// <summary>Completes when the call's last line is on disk, or when waiting for that has no use.</summary>
    public Task Durable => durable.Task;

    /// <summary>True once the call's last line is on disk, false once it is lost. While the disk refuses, neither.</summary>
    public Task<bool> Kept => kept.Task;

    /// <summary>When the last piece was asked for, a timestamp.</summary>
    public long PieceAskedAt { get; set; } = startedAt;

    /// <summary>Asks for a piece; false when one that was asked for before has not been taken yet.</summary>
    public bool TryAskPiece() => Interlocked.Exchange(ref isPieceAsked, 1) == 0;

    /// <summary>What comes from now on is for the next piece.</summary>
    public void PieceTaken() => Interlocked.Exchange(ref isPieceAsked, 0);

    /// <summary>True once an open line has been written.</summary>
    public bool IsOpen { get; set; }

    /// <summary>True once the last piece was taken; a piece that was asked for behind it has nothing to say.</summary>
    public bool IsEnded { get; set; }

    /// <summary>True when what is written tells the hash of what was on the wire.</summary>
    public bool KeepsBodies => redactor is null or { RedactsBodies: false };

    public void Release() => durable.TrySetResult();

    public void Settle(bool isKept) => kept.TrySetResult(isKept);

    /// <summary>Redacts what nothing has to be held back of: a whole call, or a piece of one whose bodies stay as they are.</summary>
    public CapturedExchange TakeWhole(CapturedExchange snapshot) => redactor?.Redact(snapshot) ?? snapshot;

    /// <summary>Redacts what came since the last piece; a secret that lies across pieces is held back until it can be told.</summary>
    public (CapturedExchange Piece, bool WithResponseHead) TakePiece(CapturedExchange snapshot, bool isLast)
    {
        var withHead = snapshot.Status is not null && !responseHeadTaken;
        responseHeadTaken |= withHead;
        if (redactor is null || KeepsBodies)
        {
            return (TakeWhole(snapshot), withHead);
        }

        request ??= ExchangeRedactor.OpenBody(snapshot.RequestHeaders);
        if (snapshot.Status is not null || !snapshot.Response.Bytes.IsEmpty || isLast)
        {
            response ??= ExchangeRedactor.OpenBody(snapshot.ResponseHeaders);
        }

        var piece = redactor.RedactHead(snapshot) with
        {
            Request = Redact(snapshot.Request, request, isLast),
            Response = Redact(snapshot.Response, response, isLast),
        };
        return (isLast ? ExchangeRedactor.MarkWithheld(piece, request, response!) : piece, withHead);
    }

    public void Dispose()
    {
        Builder.Dispose();
        request?.Dispose();
        response?.Dispose();
    }

    private static CapturedBody Redact(CapturedBody body, BodyRedactor? with, bool isLast)
    {
        if (with is null)
        {
            return body;
        }

        var bytes = with.Append(body.Bytes.Span);
        return body with { Bytes = isLast ? [.. bytes, .. with.Complete()] : bytes };
    }
}
