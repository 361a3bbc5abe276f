using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Answers that change a request, as whole gRPC frames.</summary>
internal static class RequestAnswers
{
    public static void Write(IBufferWriter<byte> output, ProcessingResponse answer)
    {
        var prefix = output.GetSpan(5);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], answer.CalculateSize());
        output.Advance(5);
        answer.WriteTo(output);
    }

    public static ProcessingResponse HeadersWithout(IEnumerable<string> names)
    {
        var removal = new HeaderMutation();
        removal.RemoveHeaders.AddRange(names);
        return new ProcessingResponse { RequestHeaders = new HeadersResponse { Response = new CommonResponse { HeaderMutation = removal } } };
    }

    /// <summary>Another body in place of the message's; an empty one takes it away.</summary>
    /// <param name="dropsLength">Also takes <c>content-length</c> off: where the whole body is held back, its headers are too.</param>
    public static ProcessingResponse BodyInstead(ReadOnlyMemory<byte> body, bool dropsLength)
    {
        var common = new CommonResponse
        {
            BodyMutation = body.IsEmpty ? new BodyMutation { Cleared = true } : new BodyMutation { Body = UnsafeByteOperations.UnsafeWrap(body) },
        };
        if (dropsLength)
        {
            common.HeaderMutation = new HeaderMutation { RemoveHeaders = { "content-length" } };
        }

        return new ProcessingResponse { RequestBody = new BodyResponse { Response = common } };
    }

    /// <summary>A full-duplex body's next bytes, in pieces of at most <see cref="PassThrough.ChunkBytesMax"/> that are cut between characters. False when there was nothing to write.</summary>
    public static bool TryWriteStreamed(IBufferWriter<byte> output, ReadOnlyMemory<byte> body, bool end)
    {
        if (body.IsEmpty && !end)
        {
            return false;
        }

        do
        {
            var piece = body[..TextCut.Piece(body.Span, PassThrough.ChunkBytesMax)];
            body = body[piece.Length..];
            PassThrough.WriteEcho(output, MessageKind.RequestBody, new ReadOnlySequence<byte>(piece), end && body.IsEmpty);
        }
        while (!body.IsEmpty);
        return true;
    }
}
