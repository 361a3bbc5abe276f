using System.Buffers;
using Google.Protobuf;
using Lethe.Envoy;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Answers that change a request.</summary>
internal static class RequestAnswers
{
    public static ProcessorAnswer HeadersWithout(IEnumerable<string> names)
    {
        var removal = new HeaderMutation();
        removal.RemoveHeaders.AddRange(names);
        return new MessageAnswer(new ProcessingResponse { RequestHeaders = new HeadersResponse { Response = new CommonResponse { HeaderMutation = removal } } });
    }

    /// <summary>Another body in place of the message's; an empty one takes it away.</summary>
    /// <param name="dropsLength">Also takes <c>content-length</c> off: where the whole body is held back, its headers are too.</param>
    public static ProcessorAnswer BodyInstead(ReadOnlyMemory<byte> body, bool dropsLength)
    {
        var common = new CommonResponse
        {
            BodyMutation = body.IsEmpty ? new BodyMutation { Cleared = true } : new BodyMutation { Body = UnsafeByteOperations.UnsafeWrap(body) },
        };
        if (dropsLength)
        {
            common.HeaderMutation = new HeaderMutation { RemoveHeaders = { "content-length" } };
        }

        return new MessageAnswer(new ProcessingResponse { RequestBody = new BodyResponse { Response = common } }, body.Length);
    }

    /// <summary>A full-duplex body's next bytes, in pieces of at most <see cref="PassThrough.ChunkBytesMax"/> that are cut between characters. False when there was nothing to send.</summary>
    public static bool TryAddStreamed(List<ProcessorAnswer> answers, ReadOnlyMemory<byte> body, bool end)
    {
        if (body.IsEmpty && !end)
        {
            return false;
        }

        do
        {
            var piece = body[..TextCut.Piece(body.Span, PassThrough.ChunkBytesMax)];
            body = body[piece.Length..];
            answers.Add(new PieceAnswer(MessageKind.RequestBody, new ReadOnlySequence<byte>(piece), end && body.IsEmpty));
        }
        while (!body.IsEmpty);
        return true;
    }
}
