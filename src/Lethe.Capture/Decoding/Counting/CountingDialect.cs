using System.Text.Json;
using Lethe.Capture.Decoding.Cohere;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Gemini;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Counting;

/// <summary>Calls whose answer is a count, vectors or a ranking and no reply, in the words of all who sell them.</summary>
internal sealed class CountingDialect : Dialect
{
    private const string Embeddings = "embeddings";

    private static readonly EndpointRule[] Rules =
    [
        new("/messages/count_tokens", "count_tokens", Operation.CountTokens) { Vendor = "anthropic" },
        new("/count-tokens:rawPredict", "count_tokens", Operation.CountTokens) { Vendor = "anthropic" },
        new("/count-tokens", "count_tokens", Operation.CountTokens) { Within = "/model/", ModelBehind = "/model/", Vendor = "bedrock" },
        new("/responses/input_tokens", "responses_input_tokens", Operation.CountTokens),
        new("/embeddings", Embeddings, Operation.Embeddings),
        new("/embed", Embeddings, Operation.Embeddings),
        new("/rerank", "rerank", Operation.Rerank) { Vendor = "cohere" },
        new(":countTokens", "count_tokens", Operation.CountTokens) { ModelBehind = "/models/", Vendor = "gemini" },
        new(":computeTokens", "count_tokens", Operation.CountTokens) { ModelBehind = "/models/", Vendor = "vertex" },
        new(":embedContent", Embeddings, Operation.Embeddings) { ModelBehind = "/models/", Vendor = "gemini" },
        new(":batchEmbedContents", Embeddings, Operation.Embeddings) { ModelBehind = "/models/", Vendor = "gemini" },
        new(":predict", "predict", Operation.Other) { ModelBehind = "/models/", Vendor = "vertex" },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        var model = turn.ModelRequested ?? GeminiCounting.Model(request.Body);
        return GeminiCounting.AsksForVectors(turn.Endpoint, request.Body)
            ? turn with { ModelRequested = GeminiModels.Plain(model), Endpoint = Embeddings, Operation = Operation.Embeddings }
            : turn with { ModelRequested = GeminiModels.Plain(model) };
    }

    public override IReply OpenReply(in CallView call) => new Reply(call);

    private sealed class Reply(CallView call) : IReply
    {
        private Answer answer = Answer.None;

        /// <summary>A count is not a use.</summary>
        public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
        {
            var error = WireError.Inside(json, "body");
            answer = Read(json) with { Error = error, Complete = error is null };
        }

        public Answer Finish(ReplyEnd end) => answer;

        private Answer Read(JsonElement json) => new()
        {
            Model = json.Word("model"u8) ?? json.Word("modelVersion"u8),
            Id = json.Word("id"u8),
            Usage = call.Endpoint.Operation == Operation.CountTokens ? null
                : GeminiCounting.IsTold(json) ? GeminiCounting.Read(json)
                : json.ObjectMember("meta"u8) is { } meta ? CohereUsage.Read(meta)
                : ChatUsage.Find(json, call.Vendor, null, final: true),
        };
    }
}
