using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary>
/// What records name by its hash: system prompts and tool definitions (<c>/v1/blobs</c>), messages (<c>/v1/nodes</c>), and the pictures that a message
/// holds (<c>/v1/images/{hash of the message}?n=</c>, counted from 0).
/// </summary>
internal static class ContentEndpoints
{
    public static void MapContent(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/blobs/{hash}", Blob);
        endpoints.MapGet("/v1/nodes/{hash}", Node);
        endpoints.MapGet("/v1/images/{hash}", Image);
    }

    private static IResult Blob(string hash, HttpContext context, StoreReader reader) => reader.Blob(Caller.OrgOf(context), hash) is { } json
        ? Results.Bytes(json, "application/json")
        : ProblemDocument.Of(StatusCodes.Status404NotFound, "blob_not_found", "No prompt and no tools have that hash.");

    private static IResult Node(string hash, HttpContext context, StoreReader reader) => reader.Message(Caller.OrgOf(context), hash) is { } message
        ? Results.Json(message, ApiJson.Default.ConversationMessage)
        : ProblemDocument.Of(StatusCodes.Status404NotFound, "node_not_found", "No message has that hash.");

    // Whatever its message calls it: a browser is told what its first bytes say, and runs nothing of it.
    private static IResult Image(string hash, HttpContext context, StoreReader reader, int? n)
    {
        if (reader.Message(Caller.OrgOf(context), hash) is not { } message || MessageImages.Find(message.Body, n ?? 0) is not { } image)
        {
            return ProblemDocument.Of(StatusCodes.Status404NotFound, "image_not_found", "No message has that hash, or it holds no such picture.");
        }

        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return Results.Bytes(image.Bytes, image.MediaType);
    }
}
