using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lethe.Proxy.Problems;

/// <summary>A problem document (RFC 9457) with a stable <c>code</c> that programs may branch on.</summary>
internal sealed record ProblemDocument(string Title, int Status, string Code, string? Detail) : IResult
{
    public const string ContentType = "application/problem+json";

    /// <summary>The parameter, header or cookie of the request that is the matter; null where none is, or more than one may be.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parameter { get; init; }

    /// <summary>The line that ended the request, from 1 on; null where it is about no lines.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Line { get; init; }

    /// <summary>What a request to the forwarding door may begin with, where it began with something else.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Prefixes { get; init; }

    /// <summary>What became of the lines before the one that ended the request; null where it is about no lines.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Results { get; init; }

    /// <summary>The exchange that was stored under the key before; null where no key is the matter.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EarlierExchangeId { get; init; }

    /// <summary>The SHA-256 of what that one said, lower-case hex.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EarlierHash { get; init; }

    /// <summary>What the request is called in traces and logs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>The response that carries it.</summary>
    public static IResult Of(int status, string code, string title, string? detail = null) => new ProblemDocument(title, status, code, detail);

    /// <summary>One parameter makes no sense.</summary>
    /// <param name="why">Without the name, which is told before it.</param>
    public static IResult OfParameter(string name, string why) =>
        new ProblemDocument("A parameter makes no sense.", StatusCodes.Status400BadRequest, "invalid_parameter", $"{name}: {why}") { Parameter = name };

    /// <summary>The request asks for another organisation than its token's.</summary>
    public static IResult ForeignOrg() => Of(StatusCodes.Status403Forbidden, "foreign_org", "The token is another organisation's.", "org: not the one that the token is of.");

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, ProblemJson.Default.ProblemDocument);

    /// <summary>Answers with it. A client that goes while it is told is no error.</summary>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var body = (this with { TraceId = Activity.Current?.TraceId.ToHexString() ?? httpContext.TraceIdentifier }).ToUtf8();
        var response = httpContext.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (Status, ContentType, body.Length);
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        try
        {
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // Nobody is left to be told.
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ProblemJson : JsonSerializerContext;
