using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>Gemini's and Vertex's words for vectors and counts.</summary>
internal static class GeminiCounting
{
    /// <summary>The model that a request names which has others inside it; null when none does.</summary>
    public static string? Model(JsonElement body)
    {
        foreach (var one in body.Items("requests"u8))
        {
            return one.Word("model"u8);
        }

        return (body.ObjectMember("generateContentRequest"u8) ?? body.ObjectMember("request"u8))?.Word("model"u8);
    }

    /// <summary>True for Vertex's <c>predict</c> of a model of vectors; other models make pictures and what not by it.</summary>
    public static bool AsksForVectors(string endpoint, JsonElement body)
    {
        foreach (var instance in endpoint == "predict" ? body.Items("instances"u8) : default)
        {
            return instance.Member("content"u8) is not null || (instance.Member("prompt"u8) is null && (instance.Text("text"u8) is not null || instance.Member("image"u8) is not null));
        }

        return false;
    }

    /// <summary>True for an answer in these words.</summary>
    public static bool IsTold(JsonElement answer) => answer.ObjectMember("usageMetadata"u8) is not null || answer.Member("predictions"u8) is not null;

    /// <summary>The tokens that went in, where they are told: of all, or of each vector (<c>statistics.token_count</c>).</summary>
    public static Usage? Read(JsonElement answer)
    {
        if (answer.ObjectMember("usageMetadata"u8) is { } usage)
        {
            return GeminiUsage.Read(usage, final: true);
        }

        long? tokens = null;
        foreach (var prediction in answer.Items("predictions"u8))
        {
            if (prediction.ObjectMember("embeddings"u8)?.ObjectMember("statistics"u8).Count("token_count"u8) is { } told)
            {
                tokens = (tokens ?? 0) + told;
            }
        }

        return tokens is null ? null : new TokenCounts { Input = tokens }.ToUsage() with { ReportedJson = answer.ObjectMember("metadata"u8)?.GetRawText(), Final = true };
    }
}
