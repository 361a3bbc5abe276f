using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Lethe.Proxy.Describing;

/// <summary>What a route reads of a request's query and headers by itself, so that the document can tell.</summary>
internal sealed record TakenParameters(IReadOnlyList<string> Names, ParameterLocation Place);

/// <summary>How routes tell it, and the document.</summary>
internal static class TakenParametersExtensions
{
    private static readonly string[] Numbers = ["limit", "from", "to"];

    /// <summary>The query parameters that a route takes beside <c>org</c>, which all take.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, params string[] names) => route.WithMetadata(new TakenParameters(names, ParameterLocation.Query));

    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder route, string name) => route.WithMetadata(new TakenParameters([name], ParameterLocation.Header));

    public static Task TellAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var taken = context.Description.ActionDescriptor.EndpointMetadata.OfType<TakenParameters>();
        foreach (var (names, place) in taken.Append(new TakenParameters(["org"], ParameterLocation.Query)))
        {
            foreach (var name in names)
            {
                var type = Numbers.Contains(name, StringComparer.Ordinal) ? JsonSchemaType.Integer : JsonSchemaType.String;
                (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = place, Schema = new OpenApiSchema { Type = type } });
            }
        }

        return Task.CompletedTask;
    }
}
