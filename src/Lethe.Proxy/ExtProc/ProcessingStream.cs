using System.Buffers;
using Google.Protobuf;
using Lethe.Envoy;
using Lethe.Proxy.ExtProc.Policies;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// One stream of the external processing protocol, which is one HTTP call. The loop:
/// <list type="number">
/// <item>read what is there;</item>
/// <item>write an answer for each message, of its kind and in its order, and let them leave;</item>
/// <item>copy what was said into the capture;</item>
/// <item>give the bytes back, which opens the data plane's window.</item>
/// </list>
/// A reset or a half-close is how a stream normally ends. In observability mode nothing is answered, and the stream is ended when the call has.
/// </summary>
internal sealed class ProcessingStream(GrpcCall call, StreamCapture capture, RequestPolicy? policy, TimeProvider time, ILogger logger)
{
    // One read in so many is timed: often enough for a distribution, and too seldom to cost a busy stream anything.
    private const int TimedReads = 8;

    private readonly List<(WireMessage Message, ReadOnlySequence<byte> Bytes)> scanned = [];
    private BodyModes modes;
    private bool observing;
    private bool capturing = true;
    private bool requestEnded;
    private bool responseEnded;
    private bool holdsBody;
    private int reads;

    public async Task RunAsync()
    {
        try
        {
            await ExchangeMessagesAsync();
        }
        finally
        {
            // Whatever happened, what was heard is handed over.
            capture.Finish(StreamEnd.StreamClosed);
            policy?.Dispose();
        }
    }

    private async Task ExchangeMessagesAsync()
    {
        while (true)
        {
            // 1.
            var read = await call.ReadAsync();
            if (read == GrpcRead.Interrupted && holdsBody)
            {
                // Full duplex: what we do not send back is lost to the call, so the stream has to be seen through.
                continue;
            }

            if (read != GrpcRead.Messages)
            {
                Leave(read);
                return;
            }

            // 2.
            var readAt = reads++ % TimedReads == 0 ? time.GetTimestamp() : 0;
            var (whole, answered) = Answer();
            var sent = answered ? call.FlushAsync() : ValueTask.FromResult(true);
            if (answered && readAt != 0)
            {
                ProxyMeter.AnswerTime.Record(time.GetElapsedTime(readAt).TotalSeconds);
            }

            // 3.
            var captured = Capture();
            await sent;

            // 4.
            scanned.Clear();
            call.Release();
            if (!whole || !captured)
            {
                call.End(GrpcStatusCode.Internal, "A message is no valid ProcessingRequest.");
                return;
            }

            if (policy?.BlockedBy is { } reply)
            {
                capture.Block(reply);
                call.End(GrpcStatusCode.Ok);
                return;
            }

            if (observing && capture.BothEnded)
            {
                call.End(GrpcStatusCode.Ok);
                return;
            }
        }
    }

    private (bool Whole, bool Answered) Answer()
    {
        var answered = false;
        foreach (var bytes in call.Messages)
        {
            if (!WireMessage.TryScan(bytes, out var message))
            {
                return (false, answered);
            }

            scanned.Add((message, bytes));
            observing |= message.Observability;
            modes = message.Modes ?? modes;
            answered |= !observing && policy?.BlockedBy is null && TryAnswer(message, bytes);
        }

        return (true, answered);
    }

    private bool TryAnswer(in WireMessage message, in ReadOnlySequence<byte> bytes)
    {
        if (message.HasFlowControlInit)
        {
            PassThrough.WriteWindows(call.Output);
        }

        if (message.Kind == MessageKind.None)
        {
            return message.HasFlowControlInit;
        }

        var mode = message.IsResponse ? modes.Response : modes.Request;
        var duplex = message.IsBody && mode == ProcessingMode.Types.BodySendMode.FullDuplexStreamed;
        if (duplex && IsRepeated(message))
        {
            return message.HasFlowControlInit;
        }

        switch (policy?.Answer(call.Output, message, bytes, mode) ?? PolicyAnswer.Passes)
        {
            case PolicyAnswer.Written or PolicyAnswer.Blocked:
                return true;
            case PolicyAnswer.Held:
                return message.HasFlowControlInit;
        }

        if (duplex)
        {
            PassThrough.WriteEcho(call.Output, message.Kind, message.Body, message.EndOfStream);
        }
        else
        {
            PassThrough.WriteContinue(call.Output, message.Kind);
        }

        return true;
    }

    // Some versions repeat a large body's last chunk: the copy must not be sent on.
    private bool IsRepeated(in WireMessage message)
    {
        ref var ended = ref message.IsResponse ? ref responseEnded : ref requestEnded;
        var repeated = ended;
        ended |= message.EndOfStream;
        holdsBody = true;
        return repeated;
    }

    /// <summary>False when a part that the scan did not look into is malformed. Any other fault ends the capture, never the call.</summary>
    private bool Capture()
    {
        try
        {
            capture.Note(policy?.Notes ?? []);
            if (capturing)
            {
                foreach (var (message, bytes) in scanned)
                {
                    capture.Take(message, bytes);
                }
            }

            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            capturing = false;
            ProxyMeter.CaptureFaults.Add(1);
            Log.ExtProcCaptureFailed(logger, fault);
            return true;
        }
    }

    private void Leave(GrpcRead read)
    {
        capture.Finish(read == GrpcRead.Interrupted ? StreamEnd.Drained : StreamEnd.StreamClosed);
        switch (read)
        {
            case GrpcRead.Faulted:
                call.End(call.Fault.Code, call.Fault.Message);
                break;
            case GrpcRead.Deadline:
                call.End(GrpcStatusCode.DeadlineExceeded);
                break;
            case GrpcRead.HalfClosed or GrpcRead.Interrupted:
                call.End(GrpcStatusCode.Ok);
                break;
        }
    }
}
