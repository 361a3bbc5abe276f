using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// A client's bytes whose end is told only when all of them have been seen. Kestrel gives up a body of known length as soon as it hears of the end, even
/// where the bytes that it hears it with are the whole of it.
/// </summary>
internal sealed class HalfClosedInput(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> given;
    private long seenBytes;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(WithoutEnd(reading.Result)) : FinishReadAsync(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        var hasRead = inner.TryRead(out result);
        if (hasRead)
        {
            result = WithoutEnd(result);
        }

        return hasRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        seenBytes = consumed.Equals(examined) ? 0 : given.Slice(consumed, examined).Length;
        given = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> FinishReadAsync(ValueTask<ReadResult> reading) => WithoutEnd(await reading);

    private ReadResult WithoutEnd(ReadResult result)
    {
        given = result.Buffer;
        return result.IsCompleted && result.Buffer.Length > seenBytes ? new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false) : result;
    }
}
