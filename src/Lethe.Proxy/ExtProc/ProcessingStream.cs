using Google.Protobuf;
using Grpc.Core;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// One stream of the external processing protocol, which is one HTTP call. For each message:
/// <list type="number">
/// <item>an answer of its kind and in its order, which leaves at once where no further message has come;</item>
/// <item>what was said is copied into the capture;</item>
/// <item>the next message is asked for, which gives the bytes of this one back and opens the data plane's window.</item>
/// </list>
/// A reset or a half-close is how a stream normally ends. In observability mode nothing is answered, and the stream is ended when the call has.
/// </summary>
/// <param name="drained">Cancelled when streams are to be let go.</param>
internal sealed class ProcessingStream(ProcessorCall call, StreamCapture capture, RequestPolicy? policy, TimeProvider time, ILogger logger, CancellationToken drained)
{
    // One message in so many is timed: often enough for a distribution, and too seldom to cost a busy stream anything.
    private const int TimedMessages = 8;

    private readonly List<ProcessorAnswer> answers = [];
    private BodyModes modes;
    private DuplexBody request;
    private DuplexBody response;
    private bool observing;
    private bool capturing = true;
    private int messages;

    /// <summary>True while the call's bytes are here and nowhere else: the stream has to be seen through then.</summary>
    private bool HoldsBody => !observing && (request.IsOpen || response.IsOpen || policy is { HoldsBody: true });

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
            if (drained.IsCancellationRequested && !HoldsBody)
            {
                capture.Finish(StreamEnd.Drained);
                return;
            }

            CallRead read;
            try
            {
                var moving = call.MoveNext();
                if (!moving.IsCompleted)
                {
                    await call.FlushAsync();
                }

                read = await moving ? CallRead.Message : CallRead.HalfClosed;
            }
            catch (Exception fault) when (call.TryExplain(fault, out read))
            {
                // It is an end like others.
            }

            if (read is CallRead.Interrupted or CallRead.OverBound)
            {
                if (read == CallRead.OverBound && !HoldsBody)
                {
                    ProxyMeter.StreamsLetGo.Add(1);
                    capture.Finish(StreamEnd.OverBound);
                    return;
                }

                call.Exempt();
                continue;
            }

            if (read != CallRead.Message || !await TakeAsync(call.Message))
            {
                return;
            }
        }
    }

    /// <summary>False when the stream is over with this message.</summary>
    private async ValueTask<bool> TakeAsync(ProcessorMessage message)
    {
        var takenAt = messages++ % TimedMessages == 0 ? time.GetTimestamp() : 0;
        if (!message.IsValid)
        {
            return Refuse();
        }

        // 1.
        Answer(message);
        await call.WriteAsync(answers);
        var sent = call.IsDry ? call.FlushAsync() : ValueTask.CompletedTask;
        if (takenAt != 0 && answers.Count > 0)
        {
            ProxyMeter.AnswerTime.Record(time.GetElapsedTime(takenAt).TotalSeconds);
        }

        // 2.
        var captured = Capture(message);
        await sent;
        answers.Clear();
        if (!captured)
        {
            return Refuse();
        }

        if (policy?.BlockedBy is { } reply)
        {
            capture.Block(reply);
            return false;
        }

        return !observing || !capture.BothEnded;
    }

    private bool Refuse()
    {
        call.Fail(new Status(StatusCode.Internal, "A message is no valid ProcessingRequest."));
        return false;
    }

    private void Answer(ProcessorMessage message)
    {
        ref readonly var scanned = ref message.Scanned;
        observing |= scanned.Observability;
        modes = scanned.Modes ?? modes;
        if (observing || policy?.BlockedBy is not null)
        {
            return;
        }

        if (scanned.HasFlowControlInit)
        {
            answers.Add(PassThrough.Windows);
        }

        if (scanned.Kind == MessageKind.None)
        {
            return;
        }

        var mode = scanned.IsResponse ? modes.Response : modes.Request;
        var isDuplex = mode == Lethe.Envoy.ProcessingMode.Types.BodySendMode.FullDuplexStreamed;
        ref var body = ref scanned.IsResponse ? ref response : ref request;
        if (isDuplex && body.IsRepeated(scanned))
        {
            return;
        }

        if ((policy?.Answer(answers, scanned, message.Bytes, mode) ?? PolicyAnswer.Passes) != PolicyAnswer.Passes)
        {
            return;
        }

        if (isDuplex && scanned.IsBody)
        {
            PassThrough.Echo(answers, scanned.Kind, scanned.Body, scanned.EndOfStream);
        }
        else
        {
            answers.Add(PassThrough.Continue(scanned.Kind));
        }
    }

    /// <summary>False when a part that the scan did not look into is malformed. Any other fault ends the capture, never the call.</summary>
    private bool Capture(ProcessorMessage message)
    {
        try
        {
            capture.Note(policy?.Notes ?? []);
            if (capturing)
            {
                capture.Take(message.Scanned, message.Bytes);
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
}
