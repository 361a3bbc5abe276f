using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.OpenAIResponses;

namespace Lethe.Capture.Decoding;

/// <summary>Reads a successful response in the call's dialect, by what the body is and not by what its headers claim.</summary>
internal static class ResponseReading
{
    /// <summary>The answer, and the reason where there is none.</summary>
    public static (Answer Answer, string? Reason) Read(Endpoint endpoint, string vendor, ReadOnlyMemory<byte> body, BodyShape shape, bool transportEnded)
    {
        switch (shape)
        {
            case BodyShape.Empty:
                return (Answer.None, "response_empty");
            case BodyShape.Events:
                return ReadStream(endpoint, vendor, body, transportEnded);
            case BodyShape.Other:
                return (Answer.None, "response_not_json");
        }

        using var document = JsonReading.TryParse(BodySniffer.Trim(body));
        return document is null ? ReadLines(endpoint, vendor, body, transportEnded) : (ReadDocument(endpoint, vendor, document.RootElement), null);
    }

    private static Answer ReadDocument(Endpoint endpoint, string vendor, JsonElement document) => endpoint.Dialect switch
    {
        Dialect.AnthropicMessages => AnthropicReply.ReadDocument(document),
        Dialect.OpenAIChat or Dialect.OpenAICompletions => ChatReply.ReadDocument(document, vendor),
        Dialect.OpenAIResponses => ResponsesReply.ReadDocument(document),
        _ => ReadUsageOnly(endpoint, vendor, document),
    };

    private static (Answer Answer, string? Reason) ReadStream(Endpoint endpoint, string vendor, ReadOnlyMemory<byte> body, bool transportEnded)
    {
        if (Assembler(endpoint, vendor) is not { } assembler)
        {
            return (Answer.None, "response_not_json");
        }

        var read = ReplyStream.FeedEvents(BodySniffer.TrimStart(body), assembler);
        return (assembler.Finish(transportEnded), read == 0 && transportEnded ? "response_not_json" : null);
    }

    private static (Answer Answer, string? Reason) ReadLines(Endpoint endpoint, string vendor, ReadOnlyMemory<byte> body, bool transportEnded)
    {
        if (Assembler(endpoint, vendor) is not { } assembler || ReplyStream.FeedLines(BodySniffer.Trim(body), assembler) == 0)
        {
            return (Answer.None, "response_not_json");
        }

        return (assembler.Finish(transportEnded), null);
    }

    private static IReplyAssembler? Assembler(Endpoint endpoint, string vendor) => endpoint.Dialect switch
    {
        Dialect.AnthropicMessages => new AnthropicStream(),
        Dialect.OpenAIChat or Dialect.OpenAICompletions => new ChatStream(vendor),
        Dialect.OpenAIResponses => new ResponsesStream(),
        _ => null,
    };

    /// <summary>Embeddings and token counts. A count is not a use: only embeddings have usage.</summary>
    private static Answer ReadUsageOnly(Endpoint endpoint, string vendor, JsonElement document) => new()
    {
        Model = document.Word("model"u8),
        Id = document.Word("id"u8),
        Error = WireError.Inside(document, "body"),
        Usage = endpoint.Operation == Turns.Operation.Embeddings ? ChatUsage.Find(document, vendor, null, final: true) : null,
        Complete = true,
    };
}
