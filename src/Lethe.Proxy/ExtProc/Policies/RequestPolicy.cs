using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Envoy;
using Lethe.Proxy.ExtProc.Wire;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>
/// What is changed about one call's request where Envoy waits for answers: our own headers taken off, secrets in the body replaced, a configured
/// block. A policy that fails lets the rest pass as it is, together with what it held back.
/// </summary>
internal sealed class RequestPolicy(RequestPolicies policies) : IDisposable
{
    private readonly BlockCheck block = new([.. policies.Blocks.Select(reply => reply.Rule)]);
    private StreamRedactor? redactor;
    private RequestRedaction? redaction;
    private bool readsBody;
    private string? passedReason;
    private long? announced;
    private long taken;
    private long counted;
    private bool failed;
    private bool responding;
    private bool searched;

    /// <summary>The reply that ended the call.</summary>
    public BlockReply? BlockedBy { get; private set; }

    /// <summary>What the record is to say of it: how many secrets were replaced, or why the body passed as it was.</summary>
    public IEnumerable<(string Name, string Value)> Notes =>
        passedReason is not null ? [("lethe.extproc.request_passed", passedReason)]
        : redaction is not null ? [("lethe.extproc.request_replaced", $"{Replaced}")]
        : [];

    /// <summary>True while a part of the body has come and not gone on, or its rest must not go on unsearched.</summary>
    public bool HoldsBody => redaction is not null && !failed && (redaction.HeldBytes > 0 || (!searched && !responding));

    private long Replaced => redactor?.Replaced ?? 0;

    public PolicyAnswer Answer(List<ProcessorAnswer> answers, in WireMessage message, in ReadOnlySequence<byte> bytes, BodyMode mode)
    {
        responding |= message.IsResponse;
        if (failed || message.IsResponse)
        {
            return PolicyAnswer.Passes;
        }

        try
        {
            return message.Kind switch
            {
                MessageKind.RequestHeaders => AnswerHeaders(answers, message, bytes, mode),
                MessageKind.RequestBody => AnswerBody(answers, message, mode),
                _ => AnswerTrailers(answers, mode),
            };
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            (failed, passedReason) = (true, "policy_fault");
            ProxyMeter.PolicyFaults.Add(1);
            Log.ExtProcPolicyFailed(policies.Logger, fault);
            return redaction is { HeldBytes: > 0 } ? Send(answers, redaction.Surrender(message.Body), message, mode) : PolicyAnswer.Passes;
        }
        finally
        {
            ProxyMeter.RequestReplacements.Add(Replaced - counted);
            counted = Replaced;
        }
    }

    public void Dispose()
    {
        redactor?.Dispose();
        block.Dispose();
    }

    private PolicyAnswer AnswerHeaders(List<ProcessorAnswer> answers, in WireMessage message, in ReadOnlySequence<byte> bytes, BodyMode mode)
    {
        var headers = CallHeaders.Read(ProcessingRequest.Parser.ParseFrom(bytes).RequestHeaders.Headers);
        if (block.TakeHead(headers) is { } rule)
        {
            return Block(answers, rule);
        }

        if (!message.EndOfStream && OpenBody(headers, mode) is { } undecodable)
        {
            return Block(answers, undecodable);
        }

        // Where the whole body is held back, the headers are too: the body's answer takes the length off, if it changes.
        var dropsLength = redaction is not null && mode is BodyMode.Streamed or BodyMode.FullDuplexStreamed;
        var names = policies.HeadersToRemove(headers, dropsLength);
        if (names.Count == 0)
        {
            return PolicyAnswer.Passes;
        }

        answers.Add(RequestAnswers.HeadersWithout(names));
        return PolicyAnswer.Answered;
    }

    /// <summary>Gives a rule that the call meets because its body cannot be read.</summary>
    private BlockRule? OpenBody(CallHeaders headers, BodyMode mode)
    {
        announced = headers.ContentLength;
        readsBody = block.ReadsBody && mode != BodyMode.None;
        passedReason = policies.Redacts ? RedactionScope.ReasonToPass(headers, mode) : null;
        if (policies.Redacts && passedReason is null)
        {
            redactor = new StreamRedactor();
            redaction = new RequestRedaction(policies.OpenWindow(redactor), RedactionScope.IsEvents(headers));
        }

        return readsBody ? block.OpenBody(headers.Fields.Joined("content-encoding")) : null;
    }

    private PolicyAnswer AnswerBody(List<ProcessorAnswer> answers, in WireMessage message, BodyMode mode)
    {
        taken += message.Body.Length;
        if (readsBody && !responding && block.TakeBody(message.Body) is { } rule)
        {
            return Block(answers, rule);
        }

        if (redaction is null)
        {
            return PolicyAnswer.Passes;
        }

        var (heldBefore, replacedBefore) = (redaction.HeldBytes, Replaced);
        var final = message.EndOfStream || taken >= announced || mode is BodyMode.Buffered or BodyMode.BufferedPartial;
        searched = final;
        var body = redaction.Take(message.Body, final);
        return heldBefore == 0 && redaction.HeldBytes == 0 && Replaced == replacedBefore && mode != BodyMode.FullDuplexStreamed
            ? PolicyAnswer.Passes
            : Send(answers, body, message, mode);
    }

    // Trailers end a full-duplex body whose last chunk did not say that it was the last.
    private PolicyAnswer AnswerTrailers(List<ProcessorAnswer> answers, BodyMode mode)
    {
        if (mode == BodyMode.FullDuplexStreamed && redaction is { HeldBytes: > 0 })
        {
            RequestAnswers.TryAddStreamed(answers, redaction.Take(ReadOnlySequence<byte>.Empty, final: true), end: false);
        }

        return PolicyAnswer.Passes;
    }

    private static PolicyAnswer Send(List<ProcessorAnswer> answers, ReadOnlyMemory<byte> body, in WireMessage message, BodyMode mode)
    {
        if (mode == BodyMode.FullDuplexStreamed)
        {
            var written = RequestAnswers.TryAddStreamed(answers, body, message.IsBody && message.EndOfStream);
            return !message.IsBody ? PolicyAnswer.Passes : written ? PolicyAnswer.Answered : PolicyAnswer.Held;
        }

        answers.Add(RequestAnswers.BodyInstead(body, dropsLength: mode == BodyMode.Buffered && body.Length != message.Body.Length));
        return PolicyAnswer.Answered;
    }

    private PolicyAnswer Block(List<ProcessorAnswer> answers, BlockRule rule)
    {
        BlockedBy = policies.Blocks.First(reply => reply.Rule == rule);
        answers.Add(new MessageAnswer(BlockedBy.Answer()));
        ProxyMeter.BlockedCalls.Add(1);
        return PolicyAnswer.Blocked;
    }
}
